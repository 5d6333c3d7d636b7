"""Mail that the lab's other organisation sends all the while: its queue keeps what is not taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import formatdate
from itertools import cycle
from secrets import token_hex
from threading import Event

from labkit import lab, on
from postwright.probe.result import awaited

PACE = 5.0
"""Seconds between two messages."""
PATIENCE = 240.0
DOMAIN = "meanwhile.test"


class Stream:
    """What was handed to the peer's queue."""

    def __init__(self) -> None:
        self.identities: list[str] = []
        self.begun = on("peer", "date", "+%F %T").strip()

    @staticmethod
    def is_of(identity: str) -> bool:
        """Tell whether a Message-ID is of such a message."""
        return identity.endswith(f"@{DOMAIN}>")

    def send(self, recipient: str) -> None:
        """Put a message into the peer's queue."""
        identity = f"<{token_hex(8)}@{DOMAIN}>"
        text = (
            f"From: friend@peer.test\nTo: {recipient}\nSubject: Meanwhile\n"
            f"Message-ID: {identity}\nDate: {formatdate()}\n\nSent meanwhile.\n"
        )
        words = ("exec", "peer", "--", "sendmail", "-f", "friend@peer.test", recipient)
        lab(*words, input=text)
        self.identities.append(identity)

    def waited(self) -> int:
        """Return how many of them the peer could not hand over at once."""
        log = on("peer", "journalctl", "-q", "-o", "cat", "-t", "postfix/cleanup", "-t",
                 "postfix/smtp", "--since", self.begun)  # fmt: skip
        ids = dict(re.findall(r"^(\w+): message-id=(\S+)", log, re.MULTILINE))
        late = set(re.findall(r"^(\w+): .* status=deferred ", log, re.MULTILINE))
        return len({ids.get(each) for each in late} & set(self.identities))

    def flushed(self) -> None:
        """Wait until the peer has handed over all, as it would within its own time."""
        on("peer", "postqueue", "-f")
        with awaited(PATIENCE, pause=3) as again:
            while again() and on("peer", "postqueue", "-j").strip():
                continue
        assert on("peer", "postqueue", "-j").strip() == ""


@contextmanager
def stream(recipients: Sequence[str]) -> Iterator[Stream]:
    """Have the peer send all the while to these."""
    sent, over = Stream(), Event()

    def run() -> None:
        for recipient in cycle(recipients):
            if over.wait(PACE):
                return
            sent.send(recipient)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield sent
        finally:
            over.set()
            running.result()
