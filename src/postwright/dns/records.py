"""Records as pure data: dnspython's rdata as presentation text, and what a zone holds.

Two texts of each value matter: as it was read (a server compares prerequisites with its own bytes,
so they go back unchanged) and its canonical form (RFC 4034 6.2; TXT joined), by which we compare.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from . import txt


class Slot(NamedTuple):
    """Where a record set stands. Names are lower case, absolute, without the last dot."""

    name: str
    type: str


@dataclass(frozen=True)
class RecordSet:
    """A record set as it was read: `ttl` in seconds, `values` as presentation text, sorted."""

    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Hindrance:
    """Why the provider lets nothing of ours stand at a slot, as long as `value` (or any) does."""

    slot: Slot
    value: str | None
    why: str
    mend: str


@dataclass(frozen=True)
class Snapshot:
    """What a zone held when it was read. Names and types as in `Slot`; no DNSSEC records."""

    zone: str
    sets: Mapping[Slot, RecordSet] = field(default_factory=dict)
    hindrances: tuple[Hindrance, ...] = ()

    def values(self, slot: Slot) -> tuple[str, ...]:
        """Return the values at a slot as they were read; none where there is no such set."""
        found = self.sets.get(slot)
        return found.values if found else ()

    def digest(self, slots: Iterable[Slot]) -> str:
        """Return a digest of what these slots hold: the same only while none of them changed."""
        seen = [
            [*slot, found.ttl, *found.values] if (found := self.sets.get(slot)) else [*slot]
            for slot in sorted(set(slots))
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()

    def hindrance(self, slot: Slot, covers: Callable[[str], bool]) -> Hindrance | None:
        """Return what hinders us at a slot, where we deal with the values that `covers` takes."""
        for each in self.hindrances:
            if each.slot == slot and (each.value is None or covers(each.value)):
                return each
        return None

    def cut_above(self, name: str) -> str | None:
        """Return the delegated name at or above `name` in this zone: what lies there is hidden."""
        while name != self.zone and "." in name:
            if Slot(name, "NS") in self.sets:
                return name
            name = name.partition(".")[2]
        return None


@lru_cache(maxsize=65536)
def canonical(kind: str, text: str) -> str:
    """Return a value's canonical presentation text (RFC 4034 6.2; TXT joined).

    Raises:
        dns.exception.DNSException: the text is no value of this type.
    """
    if kind == "TXT":
        return txt.encode(txt.decode(text))
    rdtype = dns.rdatatype.from_text(kind)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, dns.name.root, relativize=False)
    wire = rdata.to_digestable()
    return dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire)).to_text()


def is_under(name: str, parent: str) -> bool:
    """Return whether a name is `parent` or lies below it."""
    return name == parent or name.endswith(f".{parent}")
