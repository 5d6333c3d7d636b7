"""A provider in memory and small zones, for the tests of the planner and of what is around it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from postwright.dns import manifest
from postwright.dns.claims import Claim, Kind, Phase, Want
from postwright.dns.drivers import Capabilities
from postwright.dns.errors import AmbiguousError, StalePlanError
from postwright.dns.plan import Change
from postwright.dns.planner import Task
from postwright.dns.records import RecordSet, Slot, Snapshot, canonical
from postwright.dns.txt import encode

ZONE = "alpha.test"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
APEX_TXT = Slot(ZONE, "TXT")
APEX_MX = Slot(ZONE, "MX")
OURS = "v=spf1 ip4:198.18.0.21 ~all"


def txt(text: str) -> str:
    return encode(text.encode())


def want(kind: Kind, name: str, *values: str) -> Want:
    claim = Claim(kind, name)
    return Want(claim, tuple(canonical(claim.slot.type, value) for value in values))


def wants() -> list[Want]:
    """Return one of each kind of record, as the model wants them."""
    return [
        want(Kind.A, f"mx1.{ZONE}", "198.18.0.21"),
        want(Kind.AAAA, f"mx1.{ZONE}", "2001:2::21"),
        want(Kind.SPF, f"mx1.{ZONE}", txt("v=spf1 ip4:198.18.0.21 -all")),
        want(Kind.DKIM, f"mx1-202611r._domainkey.{ZONE}", txt("v=DKIM1; k=rsa; p=" + "A" * 392)),
        want(Kind.SPF, ZONE, txt(OURS)),
        want(Kind.MX, ZONE, f"10 mx1.{ZONE}."),
        want(Kind.DMARC, f"_dmarc.{ZONE}", txt("v=DMARC1; p=reject; sp=reject; np=reject")),
    ]


def zone(*records: tuple[str, str, str], ttl: int = 300) -> Snapshot:
    """Return a zone with SOA, NS and these records: (relative name, type, value)."""
    found: dict[Slot, list[str]] = {
        Slot(ZONE, "SOA"): ["ns1.test. hostmaster.test. 1 600 60 86400 1"],
        Slot(ZONE, "NS"): ["ns1.test."],
    }
    for name, kind, value in records:
        full = ZONE if name == "@" else f"{name}.{ZONE}"
        found.setdefault(Slot(full, kind), []).append(value)
    return Snapshot(
        ZONE, {slot: RecordSet(ttl, tuple(sorted(values))) for slot, values in found.items()}
    )


def task(
    *, phase: Phase, wanted: Sequence[Want] | None = None, adopt: Sequence[str] = (),
    owner: str = "postwright", now: datetime = NOW,
) -> Task:  # fmt: skip
    return Task(wants() if wanted is None else wanted, owner, phase, now, frozenset(adopt))


def entries(snapshot: Snapshot) -> list[str]:
    return list(snapshot.values(manifest.slot(ZONE)))


class Memory:
    """A provider in memory that keeps RFC 2136's promises; it can be told to fail.

    `lose` lists what becomes of the next updates: "before" is lost on its way there, "after" is
    done and the answer is lost.
    """

    name = "memory"
    capabilities = Capabilities(atomic=True, conditional=True)

    def __init__(self, *zones: Snapshot, name: str = "memory") -> None:
        self.name = name
        self.zones = {each.zone: each for each in zones}
        self.updates = 0
        self.lose: list[str] = []
        self._lock = threading.Lock()

    def find_zone(self, name: str) -> str | None:
        while name:
            if name in self.zones:
                return name
            name = name.partition(".")[2]
        return None

    def probe(self, zone: str) -> None:
        self.read(zone)

    def read(self, zone: str) -> Snapshot:
        return self.zones[zone]

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        fate = self.lose.pop(0) if self.lose else ""
        if fate == "before":
            raise AmbiguousError("lost", "wait")
        with self._lock:
            self.zones[zone] = self._changed(zone, changes)
            self.updates += 1
        if fate == "after":
            raise AmbiguousError("lost", "wait")

    def _changed(self, zone: str, changes: Sequence[Change]) -> Snapshot:
        sets = dict(self.zones[zone].sets)
        for change in changes:
            if self.zones[zone].values(change.slot) != change.before:
                raise StalePlanError(f"zone {zone}: somebody else changed it", "again")
            values = [v for v in change.before if v not in change.remove] + [*change.add]
            if values:
                sets[change.slot] = RecordSet(change.ttl, tuple(sorted(values)))
            else:
                sets.pop(change.slot, None)
        return Snapshot(zone, sets)
