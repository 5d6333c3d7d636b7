"""Mail that another organisation sends all the while, and when each letter was acknowledged."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from labkit import on
from postwright.probe.result import awaited

UNIT = "feed"
# sendmail(1) queues each letter at peer: what its Postfix cannot hand over yet, it keeps.
FEED = """
import subprocess, sys, time
token, pace, recipients = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
number, due = 0, time.monotonic()
while True:
    to = recipients[number % len(recipients)]
    letter = (f"From: friend@peer.test\\nTo: {to}\\nSubject: {token} {number}\\n"
              f"Message-ID: <{token}.{number}@peer.test>\\n\\nsent all the while\\n")
    subprocess.run(["/usr/sbin/sendmail", "-i", "-f", "feed@peer.test", to],
                   input=letter, text=True, check=True)
    number, due = number + 1, due + pace
    time.sleep(max(0, due - time.monotonic()))
"""
# With a transport of its own, what waits for a host holds up no letter of others at peer.
OWN_TRANSPORT = f"""
postconf -M {UNIT}/unix='{UNIT} unix - - y - - smtp'
postconf -e 'sender_dependent_default_transport_maps = inline:{{ feed@peer.test={UNIT}: }}'
postfix reload
"""
_IDENTITY = re.compile(r"cleanup\[\d+\]: (\w+): message-id=(<\S+>)")
_OUTCOME = re.compile(r"smtp\[\d+\]: (\w+): to=<.*?>.* status=(\w+)")


@dataclass(frozen=True)
class Feed:
    """A stream of letters with a token of its own."""

    token: str

    def sent(self) -> set[str]:
        """Return the Message-ID of each letter that was put into peer's queue."""
        return {said[2] for said in _IDENTITY.finditer(_journal()) if self._is_of(said[2])}

    def acknowledged(self) -> dict[str, float]:
        """Return each letter that a mail host has taken: Message-ID, and when by peer's clock."""
        return self._first("sent")

    def deferred(self) -> dict[str, float]:
        """Return each letter that peer could not hand over at once: Message-ID, and when."""
        return self._first("deferred")

    def _first(self, status: str) -> dict[str, float]:
        """Return when each letter first had an outcome."""
        names: dict[str, str] = {}
        found: dict[str, float] = {}
        for line in _journal().splitlines():
            if said := _IDENTITY.search(line):
                names[said[1]] = said[2]
            elif (said := _OUTCOME.search(line)) and said[2] == status:
                found.setdefault(names.get(said[1], ""), float(line.split(maxsplit=1)[0]))
        return {name: when for name, when in found.items() if self._is_of(name)}

    def _is_of(self, name: str) -> bool:
        return name.startswith(f"<{self.token}.")

    def drained(self, seconds: float) -> None:
        """Wait until peer has handed over all that it has."""
        with awaited(seconds, pause=10.0) as again:
            while again():
                if not on("peer", "postqueue", "-j").strip():
                    return
                # Any status: it fails while the queue manager is still busy with the last time.
                on("peer", "postqueue", "-f", status=None)
        raise AssertionError(on("peer", "postqueue", "-p")[-2000:])


def _journal() -> str:
    """Return what peer's Postfix says of each letter: its name, and its outcomes."""
    words = ("-q", "-b", "-o", "short-unix", "-t", "postfix/cleanup", "-t", "postfix/smtp")
    return on("peer", "journalctl", *words)


@contextmanager
def fed(token: str, per_second: float, recipients: Sequence[str]) -> Iterator[Feed]:
    """Have letters sent for as long as this lasts."""
    on("peer", "sh", "-ec", OWN_TRANSPORT)
    on("peer", "systemd-run", "--quiet", f"--unit={UNIT}", "python3", "-c", FEED, token,
       str(1 / per_second), *recipients)  # fmt: skip
    try:
        yield Feed(token)
    finally:
        on("peer", "systemctl", "stop", UNIT)


def delivered(host: str, token: str, account: str = "") -> Counter[str]:
    """Return how often each letter lies in a host's mailboxes, or in one of them."""
    whose = ("-u", account) if account else ("-A",)
    said = on(host, "doveadm", "-f", "json", "fetch", *whose, "hdr.message-id", "mailbox", "*",
              "header", "Subject", token)  # fmt: skip
    found = Counter(each["hdr.message-id"] for each in json.loads(said))
    return Counter({name: count for name, count in found.items() if token in name})
