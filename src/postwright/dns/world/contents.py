"""What records say: keys that verifiers can use, SPF that can be evaluated, CAA that lets us in."""

from __future__ import annotations

from collections.abc import Sequence

from postwright.dns import caa, spf_count, txt
from postwright.dns.claims import Claim, Kind, Want
from postwright.dns.desired import Desired
from postwright.dns.known import is_key_of
from postwright.dns.look import Look, LookupFailedError
from postwright.dns.spf import LOOKUP_LIMIT

from . import dkim
from .asking import World
from .findings import Finding
from .sets import Replies, Zone, seen_by


def keys(wanted: Desired, zones: Sequence[Zone], replies: Replies) -> list[Finding]:
    """Return the key records that verifiers cannot use, and hosts without any."""
    found = []
    known = {want.claim for zone in zones for want in zone.wants if want.claim.kind is Kind.DKIM}
    known |= {c for zone in zones for c in zone.manifest.mine if c.kind is Kind.DKIM}
    for domain, host in wanted.unknown:
        if not any(is_key_of(host, domain, claim.name) for claim in known):
            found.append(
                Finding(
                    "dkim.none", domain, f"no DKIM key of {host} is published",
                    "build the host: site.yml makes and publishes its keys",
                )
            )  # fmt: skip
    for zone in zones:
        for claim in sorted(known):
            for server in zone.servers[:1] if claim.slot in zone.slots else ():
                found += _key(claim, seen_by(server, claim, replies))
    return found


def _key(claim: Claim, values: tuple[str, ...] | str) -> list[Finding]:
    if isinstance(values, str) or not values:
        return []
    if claim.name.startswith("*."):
        return []  # a parked domain's: it says that every key is revoked
    if len(values) > 1:
        seen = f"{len(values)} records: verifiers take any of them, or none"
        return [Finding("dkim.key", claim.name, seen, "leave one record there")]
    record = txt.decode(values[0]).decode("utf-8", "replace")
    if why := dkim.fault(record):
        return [Finding("dkim.key", claim.name, why, "publish the host's own: announce.yml")]
    if (size := dkim.bits(record)) is not None and size < dkim.WEAK_BITS:
        seen = f"an RSA key of {size} bits"
        return [Finding("dkim.weak", claim.name, seen, "make a key of 2048 bits")]
    return []


def senders(world: World, zones: Sequence[Zone], replies: Replies) -> list[Finding]:
    """Return the SPF records that cost too much or include what is not there."""
    wants = [(z, w) for z in zones if z.servers for w in z.wants if w.claim.kind is Kind.SPF]
    found = world.each(lambda it: _spf(world, it[0], replies, it[1]), wants)
    return [each for some in found for each in some]


def issuance(world: World, wanted: Desired, zones: Sequence[Zone]) -> list[Finding]:
    """Return the names for which somebody's CAA record keeps the host's CA from issuing."""
    ours = {c.name for zone in zones for c in zone.manifest.mine if c.kind is Kind.CAA}
    wrong, unsure = caa.check(wanted.orders, look_by(world), ours)
    return [
        *(Finding("caa.forbids", each.name, each.what, each.mend) for each in wrong),
        *(Finding("caa.unknown", "CAA", why, "look again when it answers") for why in unsure),
    ]


def _spf(world: World, zone: Zone, replies: Replies, want: Want) -> list[Finding]:
    values = seen_by(zone.servers[0], want.claim, replies)
    if isinstance(values, str) or len(values) != 1:
        return []
    name = want.claim.name
    made = spf_count.count(txt.decode(values[0]).decode("utf-8", "replace"), name, look_by(world))
    mend = "take it out of the record, or have its owner mend it"
    found = [Finding("spf.include", name, why, mend) for why in made.wrong]
    found += [
        Finding("spf.unknown", name, why, "look again when it answers") for why in made.unsure
    ]
    if made.lookups > LOOKUP_LIMIT:
        seen = f"it takes {made.lookups} look-ups; receivers stop at {LOOKUP_LIMIT}"
        mend = "take senders out that are used no more, or give some a subdomain of their own"
        found.append(Finding("spf.lookups", name, seen, mend))
    if made.void > spf_count.VOID_LIMIT:
        seen = f"{made.void} of its look-ups find nothing; {spf_count.VOID_LIMIT} may"
        found.append(Finding("spf.void", name, seen, "take out what is not there any more"))
    return found


def look_by(world: World) -> Look:
    """Return look-ups by the world's resolvers."""

    def look(name: str, kind: str) -> tuple[str, ...]:
        reply = world.lookup(name, kind)
        if not reply.good:
            raise LookupFailedError(f"{name} {kind}: {reply.trouble}")
        return reply.values(kind)

    return look
