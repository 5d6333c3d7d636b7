"""Packages of octoDNS's for tests: one that keeps its zones in memory, and others that misbehave.

They send one request for each record set, as most packages do, so that one may fail midway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from octodns.provider.base import BaseProvider
from octodns.record import Record

from postwright.dns.drivers.octodns import Account, Octodns

SECRET = "hunter2-hunter2"  # noqa: S105


class Plain(BaseProvider):  # type: ignore[misc]
    """Keeps zones in memory, of all its instances; it cannot list them."""

    SUPPORTS_GEO = False
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"}
    zones: ClassVar[dict[str, dict[tuple[str, str], dict[str, Any]]]] = {}
    sent: ClassVar[list[str]] = []
    before: ClassVar[Callable[[int], None]]
    after: ClassVar[Callable[[int], None]]

    def __init__(self, name: str, token: str, **more: Any) -> None:
        self.log = logging.getLogger(f"Plain[{name}]")
        super().__init__(name, **more)

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        """Give what the zone holds."""
        held = self.zones.get(zone.name.rstrip("."))
        for (name, _), data in (held or {}).items():
            zone.add_record(Record.new(zone, name, data, source=self, lenient=True), lenient=True)
        return held is not None

    def _apply(self, plan: Any) -> None:
        """Make one change after the other, as octoDNS sorts them: what goes, comes, changes."""
        held = self.zones.setdefault(plan.desired.name.rstrip("."), {})
        for change in plan.changes:
            number = len(self.sent) + 1
            type(self).before(number)
            record = change.record
            self.sent.append(f"{record.name} {record._type}")
            if change.new is None:
                del held[record.name, record._type]
            else:
                held[record.name, record._type] = {**change.new.data, "type": record._type}
            type(self).after(number)


class Listing(Plain):
    """The same, and it can list its zones."""

    def list_zones(self) -> list[str]:
        """Return all zones, as octoDNS wants them."""
        return sorted(f"{name}." for name in self.zones)


class Whole(Plain):
    """Replaces a zone by all that octoDNS wants of it, as octodns-transip does."""

    def _apply(self, plan: Any) -> None:
        wanted = {(each.name, each._type): each.data for each in plan.desired.records}
        self.zones[plan.desired.name.rstrip(".")] = wanted


def start(*zones: str) -> None:
    """Have these zones, empty, and no faults."""
    Plain.zones.clear()
    Plain.sent.clear()
    Plain.zones.update({name: {} for name in zones})
    Plain.before = Plain.after = staticmethod(lambda _: None)


def driver(kind: str = "Listing", **options: Any) -> Octodns:
    """Return a new driver for one of the packages here."""
    return Octodns(Account("od", f"octodns_samples.{kind}", {"token": SECRET, **options}))
