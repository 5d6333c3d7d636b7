"""Do the zone's own servers answer with what was published? Asked at each of them, over 4 and 6."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from .claims import Want
from .errors import NotAnsweredError
from .records import RecordSet, Slot, canonical

QUERY_TIMEOUT = 3.0
PARALLEL = 16
_NO_ROUTE = {errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


@dataclass(frozen=True, order=True)
class Authority:
    """One address of one authoritative server of a zone."""

    zone: str
    name: str
    address: str


@dataclass(frozen=True)
class Missing:
    """What a server answers still: `seen` is its values, or why there are none."""

    authority: Authority
    want: Want
    seen: str


class NoRouteError(Exception):
    """No route from here to an address's family, which says nothing of the server."""


@dataclass(frozen=True)
class Waiting:
    """How long is waited and how often is asked, in seconds; `progress` gets lines to show."""

    timeout: float = 300
    interval: float = 2
    progress: Callable[[str], None] = lambda _: None


class Authorities:
    """Finds each zone's servers, by the resolvers given or the system's, once a run."""

    def __init__(self, resolvers: Sequence[str] = ()) -> None:
        self._resolver = dns.resolver.Resolver(configure=not resolvers)
        if resolvers:
            self._resolver.nameservers = list(resolvers)
        self._resolver.lifetime = 10
        self._said = ", ".join(resolvers) or "the system's resolver"
        self._addresses: dict[str, list[str]] = {}

    def of(self, zone: str) -> list[Authority]:
        """Return all addresses of a zone's name servers.

        Raises:
            NotAnsweredError: the resolver knows no server of the zone.
        """
        names = self._names(zone) or self._names(self._holder(zone))
        found = [Authority(zone, name, address) for name in names for address in self._of(name)]
        if not found:
            raise NotAnsweredError(
                f"zone {zone}: its name servers were not found by {self._said}",
                "see that the zone is delegated, or name a resolver that knows it: dns_resolver",
            )
        return found

    def zone_of(self, name: str) -> str:
        """Return the zone that a name lies in; "" where the resolver cannot say."""
        try:
            found = dns.resolver.zone_for_name(f"{name}.", resolver=self._resolver)
        except dns.exception.DNSException:
            return ""
        return found.to_text(omit_final_dot=True)

    def _names(self, zone: str) -> list[str]:
        found = self._look(zone, "NS") if zone else []
        return sorted(text.lower().rstrip(".") for text in found)

    def _holder(self, name: str) -> str:
        """Return the zone of a reverse name that is planned by itself; of others none.

        A hoster's customer names single addresses, and need not know the zone that they are in.
        """
        return self.zone_of(name) if name.endswith((".in-addr.arpa", ".ip6.arpa")) else ""

    def _of(self, name: str) -> list[str]:
        if name not in self._addresses:
            self._addresses[name] = [*self._look(name, "A"), *self._look(name, "AAAA")]
        return self._addresses[name]

    def _look(self, name: str, kind: str) -> list[str]:
        try:
            return sorted(r.to_text() for r in self._resolver.resolve(f"{name}.", kind))
        except dns.exception.DNSException:
            return []


def ask(authority: Authority, want: Want) -> str | None:
    """Return None if a server answers as wanted, else what it answers.

    Raises:
        NoRouteError: this machine cannot send to that kind of address.
    """
    found = look_at(authority, want.claim.slot)
    if isinstance(found, str):
        return found
    ours = sorted(value for value in found.values if want.claim.covers(value))
    return None if ours == sorted(want.values) else ", ".join(ours) or "nothing"


def look_at(authority: Authority, slot: Slot) -> RecordSet | str:
    """Return the set that a server holds, its values in canonical form, or why there is no answer.

    Raises:
        NoRouteError: this machine cannot send to that kind of address.
    """
    rdtype = dns.rdatatype.from_text(slot.type)
    query = dns.message.make_query(slot.name, rdtype, use_edns=0, payload=1232)
    query.flags &= ~dns.flags.RD
    try:
        answer, _ = dns.query.udp_with_fallback(query, authority.address, timeout=QUERY_TIMEOUT)
    except OSError as error:
        if error.errno in _NO_ROUTE:
            raise NoRouteError from None
        return f"no answer ({error.strerror})"
    except dns.exception.DNSException as error:
        return f"no answer ({type(error).__name__})"
    if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return dns.rcode.to_text(answer.rcode())
    if not answer.flags & dns.flags.AA:
        return "an answer without authority"
    sets = [each for each in answer.answer if each.rdtype == rdtype]
    values = [canonical(slot.type, rdata.to_text()) for each in sets for rdata in each]
    return RecordSet(max((each.ttl for each in sets), default=0), tuple(values))


def look_everywhere(slot: Slot, servers: Sequence[Authority]) -> list[RecordSet]:
    """Return the sets that a zone's servers hold, of those that this machine has a route to.

    Raises:
        NotAnsweredError: a server does not answer, or none is within reach.
    """
    found = []
    for server in servers:
        try:
            seen = look_at(server, slot)
        except NoRouteError:
            continue
        if isinstance(seen, str):
            raise NotAnsweredError(
                f"whether {server.name} ({server.address}) lists a new key at {slot.name}: {seen}",
                "see that the server answers, then run again; the old key is used until then",
            )
        found.append(seen)
    if not found:
        raise NotAnsweredError(
            f"no server of {slot.name} has an address that this machine has a route to",
            "run where there is IPv6, or give a server of the zone an IPv4 address",
        )
    return found


def wait(
    wants: Mapping[str, Sequence[Want]], authorities: Authorities, waiting: Waiting
) -> list[str]:
    """Return the servers that were asked, once all answer with each zone's wants.

    Raises:
        NotAnsweredError: the time is over; it says which server still answers what.
    """
    until = time.monotonic() + waiting.timeout
    with ThreadPoolExecutor(PARALLEL) as pool:
        servers = dict(zip(wants, pool.map(authorities.of, wants), strict=True))
        open_: list[tuple[Authority, Want]] = [
            (server, want)
            for zone, zone_wants in wants.items()
            for server in servers[zone]
            for want in zone_wants
        ]
        unreachable: set[Authority] = set()
        while True:
            missing = _round(pool, open_, unreachable)
            _require_reached(servers, unreachable)
            if not missing:
                break
            if time.monotonic() >= until:
                raise _late(missing, waiting.timeout)
            waiting.progress(_progress(missing, until - time.monotonic()))
            time.sleep(min(waiting.interval, max(0.0, until - time.monotonic())))
            open_ = [(each.authority, each.want) for each in missing]
    asked = {server for found in servers.values() for server in found}
    return sorted({f"{server.name} ({server.address})" for server in asked - unreachable})


def _round(
    pool: ThreadPoolExecutor,
    asked: Iterable[tuple[Authority, Want]],
    unreachable: set[Authority],
) -> list[Missing]:
    def one(item: tuple[Authority, Want]) -> Missing | None:
        server, want = item
        if server in unreachable:
            return None
        try:
            seen = ask(server, want)
        except NoRouteError:
            unreachable.add(server)
            return None
        return Missing(server, want, seen) if seen is not None else None

    return [each for each in pool.map(one, asked) if each]


def _require_reached(
    servers: Mapping[str, Sequence[Authority]], unreachable: set[Authority]
) -> None:
    for zone, found in servers.items():
        for name in sorted({server.name for server in found}):
            if all(server in unreachable for server in found if server.name == name):
                raise NotAnsweredError(
                    f"zone {zone}: {name} has only addresses that this machine has no route to",
                    "run where there is IPv6, or give that server an IPv4 address",
                )


def _progress(missing: Sequence[Missing], left: float) -> str:
    servers = sorted({f"{m.authority.name} ({m.authority.address})" for m in missing})
    zones = sorted({m.authority.zone for m in missing})
    count = len({m.want.claim for m in missing})
    return (
        f"waiting for {', '.join(servers)}: {count} record sets of {', '.join(zones)} "
        f"(at most {left:.0f} s more)"
    )


def _late(missing: Sequence[Missing], timeout: float) -> NotAnsweredError:
    lines = [
        f"{m.authority.name} ({m.authority.address}): {m.want.claim.name} "
        f"{m.want.claim.slot.type}: answers {m.seen}, not {', '.join(m.want.values)}"
        for m in missing
    ]
    return NotAnsweredError(
        f"after {timeout:.0f} s not every authoritative server answers with what was published:\n"
        + "\n".join(f"    {line}" for line in lines),
        "see that each of these servers gets the zone from its primary, then run again",
    )
