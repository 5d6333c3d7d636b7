"""Handshakes on port 25, again and again, each judged by the TLSA set that a resolver remembers."""

from __future__ import annotations

import hashlib
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Event

import dns.flags
import dns.resolver
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alongside import alongside
from postwright.probe.result import awaited
from postwright.probe.wire import Smtp, Target

PAUSE = 0.02
"""Seconds between two handshakes with a host."""
PATIENCE = 600


class Handshakes:
    """What was served, by host and key (TLSA 3 1 1), and what was wrong with it."""

    def __init__(self, resolver: str) -> None:
        """Prepare to ask this resolver, which validates."""
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = [resolver]
        self.resolver.use_edns(0, dns.flags.DO, 1232)
        self.served: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.done = Event()

    def look(self, target: Target) -> None:
        """Look at one host until the end."""
        while not self.done.wait(PAUSE):
            try:
                self._once(target)
            # A thread's exception would be lost.
            except Exception as error:
                self.wrong.append(f"{target.hostname}: {error!r}")

    def _once(self, target: Target) -> None:
        # As a sender does: first the records, then the connection (RFC 7672 2.2).
        answer = self.resolver.resolve(f"_25._tcp.{target.hostname}", "TLSA")
        if not answer.response.flags & dns.flags.AD:
            self.wrong.append(f"{target.hostname}: the TLSA records are not validated")
        with Smtp(target, 25) as session:
            session.hello()
            if session.upgrade() == "closed":
                raise ConnectionAbortedError(f"{target} hung up")
            assert isinstance(session.socket, ssl.SSLSocket)
            found = x509.load_der_x509_certificate(session.socket.getpeercert(True) or b"")
        key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest = hashlib.sha256(key).hexdigest()
        if digest not in {rdata.cert.hex() for rdata in answer}:
            self.wrong.append(f"{target.hostname}: {digest} is served, and not remembered")
        self.served[target.hostname, digest] += 1

    def keys(self, hostname: str) -> set[str]:
        """Return the keys that a host has served."""
        return {key for name, key in self.served if name == hostname}

    def reaches(self, count: int) -> None:
        """Wait until there were so many handshakes."""
        with awaited(PATIENCE) as more:
            while more():
                if self.served.total() >= count:
                    return
        pytest.fail(f"{self.served.total()} handshakes of {count}; {self.wrong}")


@contextmanager
def handshakes(resolver: str, addresses: Mapping[str, str]) -> Iterator[Handshakes]:
    """Look at each of the hosts, by name and address, until the end."""
    found = Handshakes(resolver)
    looks = [
        partial(found.look, Target(name, address, "IPv4")) for name, address in addresses.items()
    ]
    with alongside(found.done, *looks):
        yield found
