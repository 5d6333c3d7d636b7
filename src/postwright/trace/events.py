"""From lines of the journal to what became of a message."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

_QUEUE_ID = r"[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}"
_OF_QUEUE = re.compile(rf"({_QUEUE_ID}): (.*)", re.DOTALL)
_DELIVERY = re.compile(
    r"to=<(?P<to>[^>]*)>,(?: orig_to=<(?P<orig>[^>]*)>,)? relay=(?P<relay>[^,]+),.*?"
    r"status=(?P<status>\w+) \((?P<why>.*)\)$",
    re.DOTALL,
)
_RSPAMD = re.compile(
    r"rspamd_task_write_log: id: (?P<id><[^>]*>|\S+?), qid: <(?P<qid>\w+)>.*?"
    r"\(default: \w \((?P<action>[^)]+)\): \[(?P<score>[-\d.]+)/[-\d.]+\] \[(?P<symbols>[^\]]*)"
)
_SYMBOL = re.compile(r"(\w+)\((-?[\d.]+)\)")
_SIEVE = re.compile(
    r"lmtp\((?P<user>[^)]*)\).*?msgid=(?P<id><[^>]*>|\S+?): (?P<what>.*)$", re.DOTALL
)
_VERBS = {
    "sent": "delivered",
    "deferred": "waits",
    "bounced": "refused for good",
    "expired": "given up",
    "undeliverable": "would be refused",
    "deliverable": "would be delivered",
}


class Line(BaseModel):
    """One line of a host's journal; `time` is in seconds since 1970."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    time: float
    program: str
    text: str


class Event(BaseModel):
    """What a line says; `queue_id` and `message_id` where it names one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: float
    host: str
    program: str
    queue_id: str | None
    message_id: str | None
    what: str
    detail: str


def event(line: Line) -> Event:
    """Return what a line says, in words where the words are known, and as it is otherwise."""
    queue_id, message_id, what, detail = None, None, "", line.text
    if found := _RSPAMD.search(line.text):
        queue_id, message_id = found["qid"], found["id"]
        what = f"judged: {found['action']}"
        detail = f"score {found['score']}; {_symbols(found['symbols'])}".rstrip("; ")
    elif found := _SIEVE.search(line.text):
        message_id, what, detail = found["id"], found["what"], f"for {found['user']}"
    elif found := _OF_QUEUE.fullmatch(line.text):
        queue_id = found[1]
        what, detail = _postfix(found[2])
        named = re.search(r"message-id=(<[^<>\s]+>)", found[2])
        message_id = named[1] if named else None
    elif refused := re.match(r"NOQUEUE: reject: (.*)", line.text, re.DOTALL):
        what, detail = "refused", refused[1]
    return Event(
        time=line.time,
        host=line.host,
        program=line.program,
        queue_id=queue_id,
        message_id=message_id,
        what=what,
        detail=detail,
    )


def _postfix(text: str) -> tuple[str, str]:
    """Return what Postfix says of a queue file, and the rest."""
    if found := _DELIVERY.match(text):
        of = f" (for {found['orig']})" if found["orig"] else ""
        verb = _VERBS.get(found["status"], found["status"])
        return f"{verb}: {found['to']}{of}", f"{found['relay']}: {found['why']}"
    for start, what in (
        ("client=", "taken from"),
        ("message-id=", "is message"),
        ("from=", "queued from"),
        ("uid=", "sent on this host"),
        ("milter-reject: ", "refused"),
        ("reject: ", "refused"),
        ("milter-hold: ", "held"),
        ("sender non-delivery notification: ", "the sender is told, by"),
        ("sender delay notification: ", "the sender is told of the delay, by"),
        ("removed", "left the queue"),
    ):
        if text.startswith(start):
            return what, text.removeprefix(start).removeprefix("removed")
    return "", text


def _symbols(text: str) -> str:
    """Return the symbols that moved the score, the heaviest first."""
    scored = [(name, float(score)) for name, score in _SYMBOL.findall(text)]
    heavy = sorted((each for each in scored if each[1]), key=lambda each: -abs(each[1]))
    return " ".join(f"{name}({score:+g})" for name, score in heavy[:8])


def timeline(lines: list[Line]) -> list[Event]:
    """Return the events of all hosts in order of time."""
    return sorted(map(event, lines), key=lambda each: (each.time, each.host))
