"""Senders that read a domain's MTA-STS policy again and again, by its record of this moment."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import dns.message
import dns.query
import pytest

from alongside import alongside
from postwright.probe.result import awaited

PATIENCE = 300
READERS = 2


class Https(http.client.HTTPSConnection):
    """A connection to a web server that is found by address and judged by name."""

    def __init__(self, name: str, address: str) -> None:
        """Trust whom the lab trusts."""
        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        super().__init__(name, context=context, timeout=30)
        self.address = address

    def connect(self) -> None:
        """Connect to the address, and ask for the name."""
        self.host, name = self.address, self.host
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=name)
        self.host = name


class Readers:
    """What was read: how often, which ids, and what was wrong."""

    def __init__(self, domain: str, mx: str, server: str, web: str) -> None:
        """Ask this authoritative server, and this host for the policy, which has to name the MX."""
        self.domain, self.mx, self.server, self.web = domain, mx, server, web
        self.first = self._record()
        self.ids, self.wrong, self.count = {self.first}, [""][:0], 0
        self.done = Event()

    def read(self) -> None:
        """Look until the end."""
        while not self.done.wait(0.02):
            try:
                self._once()
            # A thread's exception would be lost.
            except Exception as error:
                self.wrong.append(repr(error))

    def _record(self) -> str:
        query = dns.message.make_query(f"_mta-sts.{self.domain}", "TXT")
        (found,) = dns.query.udp(query, self.server, timeout=10).answer
        (match,) = re.findall(r'"v=STSv1; id=(\w+);?"', found.to_text())
        return match

    def _once(self) -> None:
        record = self._record()
        name = f"mta-sts.{self.domain}"
        link = Https(name, self.web)
        link.request("GET", "/.well-known/mta-sts.txt")
        answer = link.getresponse()
        text = answer.read()
        link.close()
        self.count += 1
        self.ids.add(record)
        lines = text.decode().splitlines()
        if answer.status != 200 or f"mx: {self.mx}" not in lines or "mode: enforce" not in lines:
            self.wrong.append(f"{answer.status}: {text!r}")
        # Whoever meets a new id has to find the policy that it is of (RFC 8461 3.1); the other way
        # round, a sender keeps what it has, which is no worse than before.
        if record != self.first and hashlib.sha256(text).hexdigest()[:32] != record:
            self.wrong.append(f"id {record} stands for another policy than {text!r}")

    def reaches(self, count: int) -> None:
        """Wait until it was read so often."""
        with awaited(PATIENCE) as more:
            while more():
                if self.count >= count:
                    return
        pytest.fail(f"{self.count} looks of {count}: {self.wrong}")


@contextmanager
def policy_readers(domain: str, mx: str, server: str, web: str) -> Iterator[Readers]:
    """Read until the end."""
    found = Readers(domain, mx, server, web)
    with alongside(found.done, *[found.read] * READERS):
        yield found
