"""What a validating resolver makes of the zones."""

from __future__ import annotations

from collections.abc import Sequence

from postwright.dns.records import Slot

from .asking import World
from .findings import Finding


def judge(world: World, zones: Sequence[str], slots: Sequence[tuple[str, Slot]]) -> list[Finding]:
    """Return what is broken or unsigned; `slots` are (zone, slot).

    A resolver that does not validate the root, which is signed, can say nothing of DNSSEC.
    """
    if not world.resolve(".", "SOA").authentic:
        return [
            Finding(
                "resolver.not_validating",
                "DNSSEC",
                "the resolver does not validate the root zone, so nothing was checked",
                "name a resolver that validates: dns_resolver",
            )
        ]
    found = world.each(lambda zone: _one(world, zone, Slot(zone, "SOA")), zones)
    broken = {zone for zone, each in zip(zones, found, strict=True) if each}
    rest = [(zone, slot) for zone, slot in slots if zone not in broken]
    found += world.each(lambda it: _one(world, *it), rest)
    return [each for each in found if each]


def _one(world: World, zone: str, slot: Slot) -> Finding | None:
    reply = world.resolve(slot.name, slot.type)
    if reply.code == "SERVFAIL" and world.resolve(slot.name, slot.type, checked=False).good:
        return Finding(
            "dnssec.broken",
            f"zone {zone}",
            f"{slot.name} {slot.type}: the resolver refuses what it cannot validate (SERVFAIL)",
            "compare the DS record at the parent with the zone's keys, and see whether its "
            "signatures have expired; until then take the DS away",
        )
    if slot == Slot(zone, "SOA") and reply.good and not reply.authentic:
        return Finding(
            "dnssec.absent", f"zone {zone}", "it is not signed",
            "sign it and give its DS record to the registrar; DANE works only then",
        )  # fmt: skip
    return None
