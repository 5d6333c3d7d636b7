"""The whole check: find the zones and their servers, ask them everything, have it judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from postwright.dns import manifest as manifests
from postwright.dns.answers import Authority
from postwright.dns.claims import Kind, Want
from postwright.dns.desired import Desired, desired
from postwright.dns.facts import Known
from postwright.dns.records import Slot
from postwright.model import Blocklist, Inventory

from . import blocklists, contents, dnssec, reverse
from .asking import Reply, World, over_network, system_resolvers
from .delegation import all_servers, zone_of
from .findings import Finding, in_order
from .sets import Replies, Zone, judge


@dataclass(frozen=True)
class Subject:
    """What is looked at: the inventory, what it wants, and when it is."""

    inventory: Inventory
    wanted: Desired
    now: datetime
    lists: Mapping[str, Blocklist] = field(default_factory=dict)


def look_around(inventory: Inventory, known: Known, *, lists: bool) -> list[Finding]:
    """Return what is wrong as seen from here now, by the inventory's resolvers or the system's.

    Raises:
        NotAnsweredError: no resolver answers.
    """
    wanted = desired(inventory, known.dkim, known.hosts)
    asked = blocklists.built_in() if inventory.blocklists is None else inventory.blocklists
    subject = Subject(inventory, wanted, datetime.now(UTC), asked if lists else {})
    return look(subject, World(over_network, inventory.resolvers or system_resolvers()))


def look(subject: Subject, world: World) -> list[Finding]:
    """Return everything that is not as it should be, the worst first.

    Raises:
        NotAnsweredError: no resolver answers.
    """
    wants, absent = _placed(subject, world)
    servers = all_servers(world, sorted(wants))
    found = [*absent, *(each for some in servers.values() for each in some.findings)]
    zones = [_zone(subject, world, name, wants[name], servers[name].good) for name in sorted(wants)]
    replies = _ask(world, zones)
    for zone in zones:
        if zone.servers:
            found += judge(zone, replies, subject.now)
    slots = [(zone.name, slot) for zone in zones for slot in sorted(zone.slots)]
    found += dnssec.judge(world, sorted(wants), slots)
    found += _cached(world, zones, replies, found)
    found += contents.keys(subject.wanted, zones, replies)
    found += contents.senders(world, zones, replies)
    found += contents.issuance(world, subject.wanted, zones)
    found = _with_names(subject, world, found)
    found += blocklists.judge(world, subject.lists, _listed(subject.inventory))
    return in_order(found)


def _placed(subject: Subject, world: World) -> tuple[dict[str, list[Want]], list[Finding]]:
    """Return each zone's wants; the zone is what the public DNS says it is."""
    requests = subject.wanted.requests
    names = world.each(lambda request: zone_of(world, request.base), requests)
    wants: dict[str, list[Want]] = {}
    absent: list[Finding] = []
    for request, zone in zip(requests, names, strict=True):
        if "." in zone:
            wants.setdefault(zone, []).extend(request.wants)
        elif request.domain:
            absent.append(
                Finding(
                    "zone.absent", request.domain, f"it lies in the zone {zone or '.'}",
                    "register the domain, and have the registrar delegate it to its provider",
                )
            )  # fmt: skip
    return wants, absent


def _zone(
    subject: Subject, world: World, name: str, wants: Sequence[Want], good: Sequence[Authority]
) -> Zone:
    def listed(slot: Slot) -> tuple[str, ...]:
        replies = (world.direct(server.address, *slot) for server in good)
        return next((reply.values("TXT") for reply in replies if reply.good), ())

    manifest = manifests.ask(name, subject.inventory.owner, listed)
    wanted = {want.claim for want in wants}
    held = frozenset(c for c in manifest.mine if c not in wanted and subject.wanted.held(c))
    hosts = {
        name for host in subject.inventory.hosts.values() if not host.ipv6 for name in host.names
    }
    unwanted = {
        Slot(want.claim.name, "AAAA")
        for want in wants
        if want.claim.kind is Kind.A and want.claim.name in hosts
    }
    return Zone(name, good, wants, manifest, held, frozenset(unwanted))


def _ask(world: World, zones: Sequence[Zone]) -> dict[tuple[Authority, Slot], Reply]:
    """Ask every server of every zone for everything; also the resolver, for what comes later."""
    asked = [(s, slot) for zone in zones for s in zone.servers for slot in sorted(zone.slots)]
    found = world.each(lambda it: world.direct(it[0].address, *it[1]), asked)
    return dict(zip(asked, found, strict=True))


def _cached(
    world: World,
    zones: Sequence[Zone],
    replies: Replies,
    found: Sequence[Finding],
) -> list[Finding]:
    """Return where only the resolver still has something old."""
    known = {each.subject.partition(" (")[0] for each in found}
    old = []
    for zone in zones:
        for slot in sorted(zone.slots):
            answers = {replies[server, slot].values(slot.type) for server in zone.servers}
            reply = world.lookup(*slot)
            if f"{slot.name} {slot.type}" in known or len(answers) != 1 or not reply.good:
                continue
            if reply.values(slot.type) not in answers:
                left = max((each.ttl for each in reply.answer), default=0)
                seen = ", ".join(reply.values(slot.type)) or "nothing"
                what = f"{slot.name} {slot.type}"
                mend = f"none: the resolver forgets it within {left} s"
                old.append(Finding("record.cached", what, seen, mend))
    return old


def _with_names(subject: Subject, world: World, found: list[Finding]) -> list[Finding]:
    """Add where names and addresses disagree; what is wrong with a PTR record is told once."""
    pairs = [
        (host.names, address)
        for host in subject.inventory.hosts.values()
        for address in host.addresses
    ]
    wrong = world.each(lambda it: list(reverse.judge(world, *it)), pairs)
    told = {
        f"{address.reverse_pointer} PTR"
        for (_, address), some in zip(pairs, wrong, strict=True)
        if any(each.id.startswith("reverse.") for each in some)
    }
    # A name that has moved leads to its old address until the resolver forgets it.
    old = {each.subject for each in found if each.id == "record.cached"}
    rest = [each for each in found if each.subject not in told]
    disagreeing = [
        each
        for ((name, *_), address), some in zip(pairs, wrong, strict=True)
        for each in some
        if each.id != "forward.differs" or f"{name} {reverse.kind(address)}" not in old
    ]
    return [*rest, *disagreeing]


def _listed(inventory: Inventory) -> list[IPv4Address | IPv6Address | str]:
    addresses = [each for host in inventory.hosts.values() for each in host.addresses]
    hosts = [name for host in inventory.hosts.values() for name in host.names]
    return [*addresses, *dict.fromkeys([*inventory.domains, *hosts])]
