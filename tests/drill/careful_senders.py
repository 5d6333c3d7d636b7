"""Senders that keep what MX, MTA-STS and DANE promise, by what they know of a domain just then."""

from __future__ import annotations

import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import dns.exception
import dns.message
import dns.query

from alongside import alongside
from handshakes import Handshakes
from policy_readers import Https
from postwright.probe.wire import Target

PAUSE = 0.3
"""Seconds between two looks of a sender."""

Ask = Callable[[str, str], list[str]]
"""Returns the values at a name and type."""


class Senders(Handshakes):
    """Two senders: one asks a resolver that remembers, one the zone's own server each time."""

    def __init__(self, domain: str, resolver: str, server: str, web: str) -> None:
        """Prepare; `web` is the address of the host that serves the domain's policy."""
        super().__init__(resolver)
        self.domain, self.server, self.web = domain, server, web
        # By who asks; which MX was met; looks that came to no verdict.
        self.policies: dict[Ask, tuple[str, list[str]]] = {}
        self.met: Counter[str] = Counter()
        self.refused = 0

    def send(self, ask: Ask) -> None:
        """Look until the end."""
        while not self.done.wait(PAUSE):
            try:
                self._by(ask)
            # A daemon that restarts: whoever sends comes again.
            except (ConnectionError, TimeoutError, ssl.SSLEOFError, dns.exception.Timeout):
                self.refused += 1
            # A thread's exception would be lost.
            except Exception as error:
                self.wrong.append(f"{self.domain}: {error!r}")

    def remembered(self, name: str, kind: str) -> list[str]:
        """Ask the resolver, which answers by what it was told before."""
        return [rdata.to_text() for rdata in self.resolver.resolve(name, kind)]

    def fresh(self, name: str, kind: str) -> list[str]:
        """Ask the zone's own server."""
        query = dns.message.make_query(name, kind)
        (found,) = dns.query.udp(query, self.server, timeout=10).answer
        return [rdata.to_text() for rdata in found]

    def _by(self, ask: Ask) -> None:
        (mx,) = [value.split()[1].rstrip(".") for value in ask(self.domain, "MX")]
        (record,) = ask(f"_mta-sts.{self.domain}", "TXT")
        # RFC 8461 5.1: a policy is good until its id is another.
        if ask not in self.policies or self.policies[ask][0] != record:
            self.policies[ask] = record, self._policy()
        policy = self.policies[ask][1]
        if f"mx: {mx}" not in policy:
            self.wrong.append(f"{self.domain}: the MX {mx} is none of the policy's: {policy}")
        for address in ask(mx, "A"):
            self._once(Target(mx, address, "IPv4"))
            self.met[f"{mx} {address}"] += 1

    def _policy(self) -> list[str]:
        link = Https(f"mta-sts.{self.domain}", self.web)
        link.request("GET", "/.well-known/mta-sts.txt")
        text = link.getresponse().read().decode()
        link.close()
        assert re.match("version: STSv1\n", text), text
        return text.splitlines()


@contextmanager
def careful_senders(domain: str, resolver: str, server: str, web: str) -> Iterator[Senders]:
    """Have both send until the end."""
    found = Senders(domain, resolver, server, web)
    asks: tuple[Ask, ...] = (found.remembered, found.fresh)
    with alongside(found.done, *(partial(found.send, ask) for ask in asks)):
        yield found
