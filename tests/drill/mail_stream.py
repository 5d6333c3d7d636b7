"""A stream of mail from our accounts to the peer, which judges every message by itself."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from threading import Event
from typing import Any

import pytest

from alongside import alongside
from labkit import on
from labmail import Post
from postwright.probe.result import awaited
from postwright.probe.submission import message, open_session, submit

FRIEND = "friend@peer.test"
SENDERS = ("taro@alpha.test", "hanako@beta.test", "saburo@gamma.test")
PAUSE = 0.4
"""Seconds between two messages of a sender: well below what the lab's accounts may send."""
PATIENCE = 300

# For each message of a stream: what the peer wrote on it, and with `again`, of one in twenty
# whether its signatures verify now.
_READ = """\
import json, pathlib, re, sys
import dkim
paths = pathlib.Path("/var/vmail/peer.test/friend/Maildir").glob("[nc]*/*")
for place, path in enumerate(sorted(paths)):
    text = path.read_bytes()
    subject = re.search(rb"^Subject: (%s\\S*)" % sys.argv[1].encode(), text, re.MULTILINE)
    if not subject:
        continue
    said = re.search(rb"^Authentication-Results: peer.test;(.*?)(?=^\\S)", text, re.M | re.S)
    found = {"token": subject[1].decode(), "said": said[1].decode() if said else ""}
    if "again" in sys.argv and place % 20 == 0:
        one = dkim.DKIM(text)
        found["again"] = [one.verify(idx=place) for place in (0, 1)]
    print(json.dumps(found))
"""


@dataclass(frozen=True)
class Judged:
    """One message at the peer: the verdicts as `method=result`, and who signed it."""

    token: str
    verdicts: tuple[str, ...]
    selectors: frozenset[str]
    again: tuple[bool, ...]

    @property
    def passes(self) -> bool:
        """Tell whether SPF, both signatures and DMARC pass."""
        return self.verdicts == ("spf=pass", "dkim=pass", "dkim=pass", "dmarc=pass")


class Stream:
    """Messages that our hosts took, and what the peer says of them."""

    def __init__(self, facts: dict[str, Any], pause: float = PAUSE) -> None:
        """Prepare; nothing is sent yet."""
        self.post, self.tag, self.pause = Post(facts), secrets.token_hex(4), pause
        self.taken: list[str] = []
        # Sent, and the daemon that restarts hung up before it said whether it took them.
        self.unsaid: set[str] = set()
        self.refused: list[str] = []
        # Rspamd ends a worker that it has replaced after ten seconds: of a session that goes on for
        # longer, one message is told to come again.
        self.deferred: list[str] = []
        self.done = Event()

    def send(self, sender: str) -> None:
        """Submit messages until the end, by one session as long as it lives."""
        while not self.done.is_set():
            try:
                self._session(sender)
            # A daemon that restarts takes no connection for a moment.
            except (ConnectionError, TimeoutError):
                self.done.wait(1)

    def _session(self, sender: str) -> None:
        target, login = self.post.target(sender), self.post.login(sender)
        with open_session(target, 465, login) as session:
            while not self.done.wait(self.pause):
                token = f"{self.tag}-{secrets.token_hex(6)}"
                extra = f"Message-ID: <{token}@test>\r\nDate: {formatdate()}\r\n"
                reply = submit(session, sender, FRIEND, message(sender, FRIEND, token, extra))
                # A daemon that restarts hangs up.
                if reply in ("", "closed"):
                    self.unsaid.add(token)
                    return
                if reply.startswith("250"):
                    self.taken.append(token)
                    continue
                (self.deferred if reply.startswith("4") else self.refused).append(reply)
                return

    def judged(self, again: bool = False) -> list[Judged]:
        """Return what the peer says of the messages that have arrived."""
        words = ["again"] * again
        lines = on("peer", "python3", "-c", _READ, self.tag, *words).splitlines()
        return [_judged(json.loads(line)) for line in lines]

    def reaches(self, count: int) -> None:
        """Wait until so many messages were taken."""
        with awaited(PATIENCE) as more:
            while more():
                if len(self.taken) >= count:
                    return
        pytest.fail(f"{len(self.taken)} messages of {count} were taken; refused: {self.refused}")

    def arrived(self, again: bool = False) -> list[Judged]:
        """Return what the peer says of every message that was taken, once all have arrived."""
        taken = set(self.taken)
        with awaited(PATIENCE) as more:
            while more():
                if taken <= {each.token for each in self.judged()}:
                    break
        found = self.judged(again)
        tokens = Counter(each.token for each in found)
        assert [token for token, count in tokens.items() if count > 1] == []
        assert taken <= tokens.keys() <= taken | self.unsaid
        return found


@contextmanager
def mail_stream(
    facts: dict[str, Any], senders: Sequence[str] = SENDERS, pause: float = PAUSE
) -> Iterator[Stream]:
    """Send from each of the senders at once, until the end."""
    stream = Stream(facts, pause)
    with alongside(stream.done, *(partial(stream.send, sender) for sender in senders)):
        yield stream


def _judged(found: dict[str, Any]) -> Judged:
    said = " ".join(found["said"].split())
    verdicts = re.findall(r"\b(?:spf|dkim|dmarc)=\w+", said)
    selectors = frozenset(re.findall(r"header\.s=(\S+)", said))
    again = tuple(found.get("again", ()))
    return Judged(found["token"], tuple(verdicts), selectors, again)
