"""Which servers a zone has: listed by its parent and by itself, and answering or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from postwright.dns.answers import Authority
from postwright.dns.records import is_under

from .asking import NO_ROUTE, Reply, World
from .findings import Finding


@dataclass(frozen=True)
class Servers:
    """A zone's addresses that answer with authority, and what is wrong with the others."""

    zone: str
    good: tuple[Authority, ...]
    findings: tuple[Finding, ...]


def zone_of(world: World, name: str) -> str:
    """Return the zone that a name lies in, as the public DNS has it; the root is empty."""
    reply = world.lookup(name, "SOA")
    owners = [
        each.name
        for each in (*reply.answer, *reply.authority)
        if each.type == "SOA" and (each.name in {"", "."} or is_under(name, each.name))
    ]
    return owners[0].rstrip(".") if owners else ""


def servers_of(world: World, zone: str) -> Servers:
    """Ask every server that the zone or its parent lists for the zone's SOA."""
    listed, by_parent = _names(world.lookup(zone, "NS")), _of_parent(world, zone)
    names = sorted({*listed, *by_parent})
    found: list[Finding] = []
    asked: list[Authority] = []
    for name in names:
        addresses = [*_addresses(world, name)]
        asked += [Authority(zone, name, address) for address in addresses]
        if not addresses:
            found.append(
                Finding(
                    "delegation.no_address", f"zone {zone}: {name}", "the name has no address",
                    "publish its address, or take it out of the NS records of zone and parent",
                )
            )  # fmt: skip
    replies = [(server, world.direct(server.address, zone, "SOA")) for server in asked]
    good = tuple(server for server, reply in replies if _knows(reply, zone))
    found += [_lame(server, reply) for server, reply in replies if not _knows(reply, zone)]
    by_itself = sorted({n for s in good for n in _names(world.direct(s.address, zone, "NS"))})
    if by_parent and by_itself and set(by_itself) != set(by_parent):
        found.append(
            Finding(
                "delegation.differs",
                f"zone {zone}",
                f"its parent lists {', '.join(by_parent)}; the zone {', '.join(by_itself)}",
                "give the registrar the same name servers as the zone's NS records name",
            )
        )
    return Servers(zone, good, tuple(found))


def _of_parent(world: World, zone: str) -> list[str]:
    """Return the NS names in the parent's referral; none where the parent cannot be asked.

    A server of both zones answers from the child: then there is nothing to compare.
    """
    parent = zone_of(world, zone.partition(".")[2]) if "." in zone else ""
    names = _names(world.lookup(parent or ".", "NS"))
    for address in (address for name in names for address in _addresses(world, name)):
        reply = world.direct(address, zone, "NS")
        if reply.code == "NOERROR":
            return sorted({r.value.rstrip(".") for r in (*reply.answer, *reply.authority)
                           if r.type == "NS" and r.name == zone})  # fmt: skip
    return []


def _lame(server: Authority, reply: Reply) -> Finding:
    subject = f"zone {server.zone}: {server.name} ({server.address})"
    if reply.failure == NO_ROUTE:
        return Finding(
            "delegation.not_asked", subject, "this machine has no route to it",
            "check from where there is IPv6 as well",
        )  # fmt: skip
    seen = reply.trouble if not reply.good or reply.failure else "it answers without authority"
    return Finding(
        "delegation.lame", subject, seen,
        "have it serve the zone, or take it out of the NS records of zone and parent",
    )  # fmt: skip


def _knows(reply: Reply, zone: str) -> bool:
    has = any(each.type == "SOA" and each.name == zone for each in reply.answer)
    return reply.code == "NOERROR" and reply.authoritative and has


def _names(reply: Reply) -> list[str]:
    return sorted({value.rstrip(".").lower() for value in reply.values("NS")})


def _addresses(world: World, name: str) -> Iterable[str]:
    for kind in ("A", "AAAA"):
        yield from world.lookup(name, kind).values(kind)


def all_servers(world: World, zones: Sequence[str]) -> dict[str, Servers]:
    """Return the servers of every zone."""
    return dict(zip(zones, world.each(lambda zone: servers_of(world, zone), zones), strict=True))
