"""What an account has in Postfix's queue: found, held, released, deleted (role limits)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .shell import run

SPOOL = Path("/var/spool/postfix")
HOLD = "hold"
# Seconds that a message which is still being taken is waited for: a filter may be slow.
PATIENCE = 120.0
_LOOK_AGAIN = 0.2
_AT_ONCE = 200
_HEAD = "*** ENVELOPE RECORDS "


@dataclass(frozen=True)
class Queued:
    """One message; `size` in bytes."""

    queue_id: str
    queue: str
    sender: str
    recipients: list[str]
    size: int


def hold(login: str, taken: Iterable[str]) -> list[Queued]:
    """Hold all that an account has queued, and return it.

    `taken` are the queue ids of what it was allowed to submit of late: some of it may be on its way
    into the queue still, where postsuper(1) passes over it.
    """
    ids, end = list(taken), time.monotonic() + PATIENCE
    while True:
        # Before the queue is listed: what has arrived by now is in the list.
        arriving = any(unfinished(SPOOL / "incoming" / each) for each in ids)
        found = queued(login)
        loose = [each.queue_id for each in found if each.queue != HOLD]
        if loose:
            run("postsuper", "-h", "-", text="\n".join(loose))
        elif not arriving or time.monotonic() > end:
            return found
        time.sleep(_LOOK_AGAIN)


def unfinished(file: Path) -> bool:
    """Tell whether cleanup(8) still writes a queue file: it sets the owner's x bit at the end."""
    try:
        return not file.stat().st_mode & 0o100
    except FileNotFoundError:
        return False


def queued(login: str) -> list[Queued]:
    """Return all that an account submitted and that is in the queue."""
    listed = [json.loads(line) for line in run("postqueue", "-j").splitlines()]
    mine = submitted_by(login, [each["queue_id"] for each in listed])
    return [_read(each) for each in listed if each["queue_id"] in mine]


def submitted_by(login: str, ids: list[str]) -> set[str]:
    """Return those of some queue ids whose message an account submitted."""
    if len(ids) > _AT_ONCE:
        return submitted_by(login, ids[:_AT_ONCE]) | submitted_by(login, ids[_AT_ONCE:])
    if not ids:
        return set()
    done = subprocess.run(["postcat", "-eq", *ids], check=False, capture_output=True)
    if done.returncode and len(ids) > 1:
        # It stops at the first message that was delivered meanwhile.
        half = len(ids) // 2
        return submitted_by(login, ids[:half]) | submitted_by(login, ids[half:])
    return marked(login, done.stdout.decode("utf-8", "replace"))


def marked(login: str, text: str) -> set[str]:
    """Return the queue ids in postcat(1)'s output whose message an account submitted."""
    mark, found, queue_id = f"named_attribute: sasl_username={login}", set(), ""
    for line in text.splitlines():
        if line.startswith(_HEAD):
            queue_id = line.split()[3].rpartition("/")[2]
        elif line.lower() == mark:
            found.add(queue_id)
    return found


def _read(entry: Mapping[str, object]) -> Queued:
    recipients = entry["recipients"]
    assert isinstance(recipients, list)
    return Queued(
        queue_id=str(entry["queue_id"]),
        queue=str(entry["queue_name"]),
        sender=str(entry["sender"]),
        recipients=[each["address"] for each in recipients],
        size=int(str(entry["message_size"])),
    )
