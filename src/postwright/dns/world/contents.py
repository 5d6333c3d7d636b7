"""What records say: DKIM keys that verifiers can use, SPF records that receivers can evaluate."""

from __future__ import annotations

from collections.abc import Sequence

from postwright.dns import txt
from postwright.dns.claims import Claim, Kind, Want
from postwright.dns.desired import Desired
from postwright.dns.known import is_key_of
from postwright.dns.spf import LOOKUP_LIMIT
from postwright.dns.spf_lookups import count_lookups

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


def _spf(world: World, zone: Zone, replies: Replies, want: Want) -> list[Finding]:
    def lookup(name: str) -> list[str]:
        values = world.lookup(name, "TXT").values("TXT")
        return [txt.decode(value).decode("utf-8", "replace") for value in values]

    values = seen_by(zone.servers[0], want.claim, replies)
    if isinstance(values, str) or len(values) != 1:
        return []
    count = count_lookups(txt.decode(values[0]).decode("utf-8", "replace"), lookup)
    name = want.claim.name
    found = [
        Finding("spf.include", name, why, "take it out of the record, or have its owner mend it")
        for why in count.broken
    ]
    if count.total > LOOKUP_LIMIT:
        seen = f"it takes {count.total} look-ups; receivers stop at {LOOKUP_LIMIT}"
        mend = "take senders out that are used no more, or give some a subdomain of their own"
        found.append(Finding("spf.lookups", name, seen, mend))
    return found
