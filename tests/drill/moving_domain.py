"""The domain that drills move between the lab's mail hosts, and who uses it all the while."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from labfilling import filled
from labkit import ROOT, on, play
from labmailboxes import SHARED, View, look
from postwright.probe.mailbox import Imap
from postwright.probe.result import awaited
from postwright.probe.submission import Login, message, open_session, submit
from postwright.probe.wire import Target

DOMAIN = "beta.test"
PASSWORD = "correct horse hanako"  # noqa: S105 - the lab's passwords are no secret
HOSTNAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
PAUSE = 0.2
DRAINED = 300.0


def accounts(count: int) -> list[str]:
    """Return the addresses of the domain's further accounts, whose password is hanako's."""
    return [f"user{number:02}@{DOMAIN}" for number in range(count)]


def stated(folder: Path, count: int, host: str, moves_from: str | None = None) -> str:
    """Write the lab's domains, this one with so many accounts on a host; return words for `-e`."""
    said = ROOT / "inventory/lab/group_vars/all/mail.yml"
    domains = yaml.safe_load(said.read_text(encoding="utf-8"))["mail_domains"]
    own = domains[DOMAIN]
    shared = own["accounts"]["hanako"]
    own["accounts"] |= {address.partition("@")[0]: shared for address in accounts(count)}
    own["hosts"] = [host]
    if moves_from:
        own["moves_from"] = moves_from
    file = folder / f"{host}-{moves_from}.json"
    file.write_text(json.dumps({"mail_domains": domains}), encoding="utf-8")
    return f"@{file}"


def settle(folder: Path, count: int, host: str) -> None:
    """Have a host alone serve the domain, its mailboxes empty."""
    forget()
    done = play("site.yml", "-e", stated(folder, count, host))
    assert done.status == 0, done.output[-4000:]


def forget() -> None:
    """Let no host have anything of the domain's, nor know of a move that would have to end."""
    places = "/var/lib/postwright/moving"
    for each in HOSTNAMES:
        on(each, "rm", "-rf", f"/var/vmail/{DOMAIN}", f"{places}/accounts", f"{places}/next")


def filled_on(facts: dict[str, Any], host: str, addresses: list[str], messages: int) -> int:
    """Fill mailboxes as labfilling does; return bytes."""
    with _ours(host):
        return filled(facts, host, addresses, messages)


def seen_at(facts: dict[str, Any], host: str, addresses: list[str]) -> View:
    """Return all that clients see of the accounts who connect to a host."""
    with _ours(host):
        return look(facts, host, addresses)


@contextmanager
def _ours(host: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(SHARED, host, "hanako")
        yield


def handed_on(*hosts: str) -> None:
    """Wait until hosts have handed on all that they took."""
    left = list(hosts)
    with awaited(DRAINED) as again:
        while again():
            left = [host for host in left if on(host, "postqueue", "-j").strip()]
            if not left:
                return
            for host in left:
                on(host, "postqueue", "-f")
    raise AssertionError(on(left[0], "postqueue", "-p")[-2000:])


def login(address: str) -> Login:
    """Return how an account of the domain logs in."""
    return Login(address, PASSWORD, True, ())


def server(facts: dict[str, Any], host: str) -> Target:
    """Return where a mail host answers."""
    return Target(HOSTNAMES[host], facts["hosts"][host]["ipv4"], "IPv4")


@dataclass
class Use:
    """What one client did again and again: how often it was served, and its longest refusal."""

    served: int = 0
    refused: int = 0
    longest: float = 0.0
    said: set[str] = field(default_factory=set)
    _since: float | None = None

    def tried(self, work: Callable[[], object]) -> None:
        """Try once, and count; a refusal lasts until the next time that it is served."""
        begun = time.monotonic()
        try:
            work()
        except Exception as error:
            self.refused += 1
            self.said.add(f"{type(error).__name__}: {error}")
            self._since = self._since or begun
            return
        self.served += 1
        if self._since is not None:
            self.longest = max(self.longest, time.monotonic() - self._since)
            self._since = None


@dataclass(frozen=True)
class Clients:
    """A mail program that reads at one host by its old name, and one that submits there."""

    reading: Use
    submitting: Use
    sent: list[str]


def read(target: Target, address: str) -> None:
    """Look into an account's INBOX, as a mail program does."""
    with Imap(target, 993) as imap:
        imap.login(f'"{address}"', PASSWORD)
        assert imap.select("INBOX", readonly=True)[0] == "OK"
        assert imap.uid("SEARCH", "ALL")[0] == "OK"


@contextmanager
def idle(target: Target, addresses: Sequence[str]) -> Iterator[list[str]]:
    """Have mail programs wait for mail (RFC 2177); yield each one's last line once it is closed."""
    sessions, told = [Imap(target, 993) for _ in addresses], []
    for session, address in zip(sessions, addresses, strict=True):
        session.login(f'"{address}"', PASSWORD)
        session.select("INBOX", readonly=True)
        session.send(b"idle IDLE\r\n")
    yield told
    for session in sessions:
        lines = [*iter(session.readline, b"")]
        told.append(lines[-1].decode())
        session.shutdown()


@contextmanager
def used(target: Target, address: str, token: str) -> Iterator[Clients]:
    """Have an account read and submit to itself for as long as this lasts."""
    clients, over = Clients(Use(), Use(), []), threading.Event()

    def send() -> None:
        identity = f"<{token}.{len(clients.sent)}.{time.monotonic_ns()}@submitted.test>"
        extra = f"Message-ID: {identity}\r\nDate: {formatdate()}\r\n"
        with open_session(target, 465, login(address)) as session:
            reply = submit(session, address, address, message(address, address, token, extra))
        assert reply.startswith("250"), reply
        clients.sent.append(identity)

    def again(use: Use, work: Callable[[], object]) -> None:
        while not over.wait(PAUSE):
            use.tried(work)

    threads = [
        threading.Thread(target=again, args=(clients.reading, partial(read, target, address))),
        threading.Thread(target=again, args=(clients.submitting, send)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        over.set()
        for thread in threads:
            thread.join()
