"""The records that those need who receive or send for a domain in our stead."""

from __future__ import annotations

from collections.abc import Iterator

from postwright.model import Domain, Inventory
from postwright.profiles import Profile, profiles
from postwright.profiles.model import Values

from .claims import RULES, Kind, Want
from .wants import txt_want, want


def profile_records(inventory: Inventory, domain: Domain) -> list[Want]:
    """Return every record of the profiles of a domain, one want for each place."""
    found: dict[tuple[Kind, str], list[str]] = {}
    for profile, given in _used(inventory, domain):
        for record, name, value in profile.filled_records(domain.name, given):
            if getattr(domain.records, record.switch):
                values = found.setdefault((Kind(record.kind), name.lower()), [])
                values += [value] if value not in values else []
    return [_want(kind, name, values) for (kind, name), values in found.items()]


def profile_spf(inventory: Inventory, domain: Domain) -> list[str]:
    """Return the terms that the domain's own SPF record needs, each once."""
    terms = (
        term
        for profile, given in _used(inventory, domain)
        for term in profile.filled_spf(domain.name, given)
    )
    return list(dict.fromkeys(terms))


def _used(inventory: Inventory, domain: Domain) -> Iterator[tuple[Profile, Values]]:
    """Yield each profile of a domain with what was given of it."""
    if domain.elsewhere:
        yield profiles()[domain.served_by], domain.served_with
    for name in inventory.relays_of(domain):
        relay = inventory.relays[name]
        yield profiles()[relay.profile], {**relay.given, **domain.sends_with}


def _want(kind: Kind, name: str, values: list[str]) -> Want:
    if RULES[kind].type == "TXT":
        return txt_want(kind, name, values[0])
    return want(kind, name, values)
