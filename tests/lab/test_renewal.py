"""A renewal while mail is read and sent: nobody is dropped, and DANE holds at every moment."""

from __future__ import annotations

import hashlib
import secrets
import ssl
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import dns.resolver
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from labkit import on
from labmail import Post
from postwright.probe.result import awaited
from postwright.probe.submission import Login, message, open_session, submit
from postwright.probe.wire import Line, Smtp, Target

pytestmark = pytest.mark.usefixtures("site")

TOOL = "/usr/local/sbin/postwright-certificates"
PAUSE = 0.1
"""Seconds between two looks at what is served."""
SECONDS = 30
"""Until a certificate that is served has been seen."""


class Mailbox(Line):
    """An IMAP session, held open (RFC 9051)."""

    def __init__(self, target: Target, login: Login) -> None:
        """Log in."""
        super().__init__(target, 993, implicit_tls=True)
        self.readline()
        assert self.command(f'LOGIN "{login.address}" "{login.password}"')[-1].startswith("a OK")

    def command(self, text: str) -> list[str]:
        """Return the lines of the answer; the last one is the tagged one."""
        self.send(f"a {text}\r\n".encode())
        lines = [self.readline()]
        while lines[-1] and not lines[-1].startswith("a "):
            lines.append(self.readline())
        return lines


class Watcher(Thread):
    """Looks at port 25, again and again: each certificate's serial and key, and what is wrong."""

    def __init__(self, target: Target, resolver: str) -> None:
        """Prepare to watch one host, by what one resolver says of it."""
        super().__init__()
        self.target = target
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = [resolver]
        self.done = Event()
        self.seen: set[tuple[int, str]] = set()
        self.wrong: list[str] = []

    def run(self) -> None:
        """Look until told to stop."""
        while not self.done.wait(PAUSE):
            try:
                self.look()
            # A thread's exception would be lost.
            except Exception as error:
                self.wrong.append(repr(error))

    def look(self) -> None:
        """Compare one connection's certificate with the TLSA records (RFC 7672 3.1.1)."""
        with Smtp(self.target, 25) as session:
            session.hello()
            session.upgrade()
            assert isinstance(session.socket, ssl.SSLSocket)
            certificate = x509.load_der_x509_certificate(session.socket.getpeercert(True) or b"")
        spki = certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        digest = hashlib.sha256(spki).hexdigest()
        published = self.resolver.resolve(f"_25._tcp.{self.target.hostname}", "TLSA")
        if digest not in {rdata.cert.hex() for rdata in published}:
            self.wrong.append(f"{digest} is served, and not published")
        self.seen.add((certificate.serial_number, digest))

    def sees(self, certificates: int) -> None:
        """Wait until so many have been seen; postscreen lets a new client wait for two seconds."""
        with awaited(SECONDS) as again:
            while again():
                if len(self.seen) >= certificates:
                    return
        pytest.fail(f"{len(self.seen)} of {certificates} certificates seen: {self.wrong}")

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.done.set()
        self.join()


@pytest.mark.parametrize(
    ("host", "address"), [("mx1", "taro@alpha.test"), ("mx2", "saburo@gamma.test")]
)
def test_open_sessions_go_on_through_a_renewal_that_dane_never_notices(
    lab_facts: dict[str, Any], host: str, address: str
) -> None:
    post, token = Post(lab_facts), secrets.token_hex(8)
    target, login = post.target(address), post.login(address)
    with (
        Watcher(target, lab_facts["resolver"]) as watcher,
        open_session(target, 465, login) as outgoing,
        Mailbox(target, login) as mailbox,
    ):
        assert mailbox.command("SELECT INBOX")[-1].startswith("a OK")
        watcher.sees(1)
        did = on(host, TOOL, "renew", "--now", target.hostname)
        assert "reloaded dovecot" in did
        assert "reloaded postfix" in did
        assert submit(outgoing, address, address, message(address, address, token))[:3] == "250"
        assert post.arrived(address, token)
        assert mailbox.command("NOOP")[-1].startswith("a OK")
        (found, _) = mailbox.command(f"UID SEARCH HEADER Subject {token}")
        uid = found.split()[-1]
        fetched = mailbox.command(f"UID FETCH {uid} BODY.PEEK[HEADER.FIELDS (Subject)]")
        assert f"Subject: {token}" in fetched
        watcher.sees(2)
    assert watcher.wrong == []
    serials, keys = zip(*watcher.seen, strict=True)
    assert len(set(serials)) == 2
    # The key is kept.
    assert len(set(keys)) == 1
