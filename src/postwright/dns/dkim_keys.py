"""Which new DKIM keys everybody can find: those that each authoritative server lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .answers import Authorities, look_everywhere
from .claims import Kind
from .records import RecordSet, Slot
from .wants import txt_want


@dataclass(frozen=True)
class ListedSelectors:
    """Selectors of a domain, and for how many seconds resolvers keep that a name is not there."""

    selectors: tuple[str, ...]
    ttl: int


def listed_selectors(
    domain: str, keys: Mapping[str, str], authorities: Authorities
) -> ListedSelectors:
    """Return which of a domain's keys (the text to publish, by selector) every server lists.

    Raises:
        NotAnsweredError: a server does not answer, or none is known.
    """
    zone = authorities.zone_of(f"_domainkey.{domain}")
    servers = authorities.of(zone)
    listed = []
    for selector, text in keys.items():
        want = txt_want(Kind.DKIM, f"{selector}._domainkey.{domain}", text)
        found = look_everywhere(want.claim.slot, servers)
        if all(each.values == want.values for each in found):
            listed.append(selector)
    soas = look_everywhere(Slot(zone, "SOA"), servers)
    return ListedSelectors(tuple(listed), max(_negative_ttl(each) for each in soas))


def _negative_ttl(soa: RecordSet) -> int:
    """Return for how long an absence is cached: the SOA's TTL or last field (RFC 2308 5)."""
    return min([soa.ttl, *(int(value.split()[-1]) for value in soa.values)])
