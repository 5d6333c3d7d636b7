"""The providers that every driver's cases are walked at, each seen from outside its driver too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.tsig
import dns.update
from cloudflare_samples import driver_at, serving, zone_of
from name_servers import ZONE, bind, knot
from powerdns import PowerDns, powerdns

from cloudflare_server import CloudflareServer
from cloudflare_server.records import text
from postwright.dns.drivers import Driver, Rfc2136, Server
from postwright.dns.drivers.octodns import Account, Octodns
from postwright.dns.records import Snapshot, canonical

SETTLED = 5.0
"""Seconds in which a change has to show: BIND signs and serves it after it answered."""


class Backend(Protocol):
    """A provider with one zone."""

    name: str

    def driver(self) -> Driver:
        """Return a new driver, as a new run makes it."""

    def foreign(self, name: str, kind: str, *values: str, ttl: int = 300) -> None:
        """Add values as somebody else does, by other means than the driver."""

    def forget(self, name: str, kind: str) -> None:
        """Delete a record set as somebody else does."""

    def answers(self, name: str, kind: str) -> list[str]:
        """Return what the provider publishes of a record set, canonical and sorted."""


def _values(answer: dns.message.Message, name: str, kind: str) -> list[str]:
    wanted = _absolute(name), dns.rdatatype.from_text(kind)
    found = [rrset for rrset in answer.answer if (rrset.name, rrset.rdtype) == wanted]
    return sorted(canonical(kind, rdata.to_text()) for rrset in found for rdata in rrset)


class NameServer:
    """A name server that takes updates."""

    def __init__(self, server: Server) -> None:
        self.name, self.port, self._server = server.name, server.port, server

    def driver(self) -> Driver:
        """Return a new driver."""
        return Rfc2136(self._server)

    def driver_through(self, port: int) -> Driver:
        """Return a new, impatient driver that reaches the server by another port."""
        return Rfc2136(replace(self._server, port=port, timeout=0.4))

    def foreign(self, name: str, kind: str, *values: str, ttl: int = 300) -> None:
        """Add values by an update of our own making."""
        for at in range(0, len(values), 500):
            update = dns.update.UpdateMessage(ZONE)
            for value in values[at : at + 500]:
                update.add(_absolute(name), ttl, kind, value)
            self._send(update)

    def forget(self, name: str, kind: str) -> None:
        """Delete a set by an update."""
        update = dns.update.UpdateMessage(ZONE)
        update.delete(_absolute(name), kind)
        self._send(update)

    def answers(self, name: str, kind: str) -> list[str]:
        """Ask the server."""
        answer = self._exchange(dns.message.make_query(name, kind))
        return _values(answer, name, kind)

    def _send(self, update: dns.update.UpdateMessage) -> None:
        update.use_tsig(dns.tsig.Key("test", self._server.secret, "hmac-sha256"))
        assert self._exchange(update).rcode() == dns.rcode.NOERROR

    def _exchange(self, query: dns.message.Message) -> dns.message.Message:
        return dns.query.tcp(query, self._server.host, timeout=5, port=self._server.port)


class LocalCloudflare:
    """The local server that speaks Cloudflare's API."""

    name = "cloudflare"

    def __init__(self, server: CloudflareServer) -> None:
        self.server, self.zone = server, zone_of(server, ZONE)

    def driver(self) -> Driver:
        """Return a new driver."""
        return driver_at(self.server)

    def foreign(self, name: str, kind: str, *values: str, ttl: int = 300) -> None:
        """Add records as in the dashboard."""
        for value in values:
            more: dict[str, Any] = {"content": value, "ttl": ttl}
            if kind == "MX":
                priority, target = value.split()
                more |= {"content": target, "priority": int(priority)}
            self.server.world.add(self.zone, kind, name, **more)

    def forget(self, name: str, kind: str) -> None:
        """Delete records as in the dashboard."""
        kept = {
            identifier: record
            for identifier, record in self.zone.records.items()
            if (record["name"], record["type"]) != (name, kind)
        }
        self.zone.records = kept

    def answers(self, name: str, kind: str) -> list[str]:
        """Return what the name servers are given."""
        return sorted(
            canonical(kind, text(record))
            for record in self.zone.records.values()
            if (record["name"], record["type"]) == (name, kind)
        )


class LocalPowerDns:
    """A PowerDNS, by octoDNS's package for it."""

    name = "powerdns"

    def __init__(self, server: PowerDns) -> None:
        self.server = server

    def driver(self, **options: Any) -> Driver:
        """Return a new driver; `options` are further ones of the package's."""
        at = {"host": "127.0.0.1", "port": self.server.api, "api_key": self.server.key}
        found = {**at, "timeout": 5, **options}
        return Octodns(Account(self.name, "octodns_powerdns.PowerDnsProvider", found))

    def foreign(self, name: str, kind: str, *values: str, ttl: int = 300) -> None:
        """Add values by PowerDNS's API."""
        found = self.server.sets().get((f"{name.lower()}.", kind), {"records": []})
        standing = [each["content"] for each in found["records"]]
        self.server.put(name, kind, ttl, [*standing, *values])

    def forget(self, name: str, kind: str) -> None:
        """Delete a set by PowerDNS's API."""
        self.server.put(name, kind, 300, [])

    def answers(self, name: str, kind: str) -> list[str]:
        """Ask the server."""
        query = dns.message.make_query(name, kind)
        answer = dns.query.tcp(query, "127.0.0.1", timeout=5, port=self.server.dns)
        return _values(answer, name, kind)


@contextmanager
def powerdns_server(folder: Path) -> Iterator[LocalPowerDns]:
    """Yield a PowerDNS."""
    with powerdns(folder) as server:
        yield LocalPowerDns(server)


@contextmanager
def cloudflare(_: Path) -> Iterator[LocalCloudflare]:
    """Yield the local Cloudflare server, which gives no more than 1,000 records a page."""
    with serving(ZONE) as server:
        server.most_records = 1000
        yield LocalCloudflare(server)


@contextmanager
def knot_server(folder: Path) -> Iterator[NameServer]:
    """Yield a Knot."""
    with knot(folder) as server:
        yield NameServer(server)


@contextmanager
def bind_server(folder: Path) -> Iterator[NameServer]:
    """Yield a BIND 9."""
    with bind(folder) as server:
        yield NameServer(server)


BACKENDS = {
    "cloudflare": cloudflare,
    "knot": knot_server,
    "bind": bind_server,
    "powerdns": powerdns_server,
}


def seen_when(driver: Driver, holds: Callable[[Snapshot], bool]) -> Snapshot:
    """Return the zone once it holds what it should, or as it is at the end of the time."""
    deadline = time.monotonic() + SETTLED
    while not holds(seen := driver.read(ZONE)) and time.monotonic() < deadline:
        time.sleep(0.005)
    return seen


def forms(kind: str, values: Sequence[str]) -> list[str]:
    """Return values as they compare: canonical and sorted."""
    return sorted(canonical(kind, value) for value in values)


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name)
