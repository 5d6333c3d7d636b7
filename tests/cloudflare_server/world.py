"""What is behind the API: tokens, zones, records, and what may be done to them. No HTTP here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .answers import Refused, invalid
from .records import Record, stored, text

_STAND_ALONE = {"A", "AAAA", "CNAME"}


@dataclass(frozen=True)
class Token:
    """What a token may do: in which zones (None: in all), and whether it may change records."""

    zones: frozenset[str] | None = None
    write: bool = True

    def sees(self, zone: str) -> bool:
        """Return whether a zone of this name is shown to the token."""
        return self.zones is None or zone in self.zones


@dataclass
class Zone:
    """A zone and its records by id; `plan` changes at most are taken in one batch."""

    name: str
    id: str
    type: str = "full"
    status: str = "active"
    plan: int = 200
    least_ttl: int = 60
    records: dict[str, Record] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return the zone as the API lists it."""
        return {"id": self.id, "name": self.name, "type": self.type, "status": self.status}

    def texts(self) -> list[tuple[str, str, int, str]]:
        """Return (name, type, ttl, value) of every record, sorted: what the zone says."""
        return sorted((r["name"], r["type"], r["ttl"], text(r)) for r in self.records.values())


class World:
    """All tokens and zones of the server."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.zones: dict[str, Zone] = {}
        self._numbers = itertools.count(1)

    def add_zone(self, name: str, **more: Any) -> Zone:
        """Return a new zone, which holds nothing: SOA and the apex's NS are no records here."""
        zone = Zone(name, self._id(), **more)
        self.zones[zone.id] = zone
        return zone

    def add(self, zone: Zone, kind: str, name: str, content: str = "", **more: Any) -> Record:
        """Return a record that somebody else makes."""
        return self._post(zone, {"type": kind, "name": name, "content": content, **more})

    def batch(self, zone: Zone, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make all changes of a batch and return what they made, or none of them.

        Raises:
            Refused: the first error.
        """
        parts = {key: list(body.get(key) or []) for key in ("deletes", "patches", "puts", "posts")}
        if sum(map(len, parts.values())) > zone.plan:
            raise invalid(1004, f"a batch may hold at most {zone.plan} changes")
        before = dict(zone.records)
        try:
            return {
                "deletes": [self._delete(zone, each["id"]) for each in parts["deletes"]],
                "patches": [self._edit(zone, each, whole=False) for each in parts["patches"]],
                "puts": [self._edit(zone, each, whole=True) for each in parts["puts"]],
                "posts": [self._post(zone, each) for each in parts["posts"]],
            }
        except Refused:
            zone.records = before
            raise

    def _delete(self, zone: Zone, identifier: str) -> Record:
        _changeable(zone, identifier)
        return zone.records.pop(identifier)

    def _edit(self, zone: Zone, body: Mapping[str, Any], *, whole: bool) -> Record:
        old = _changeable(zone, body["id"])
        fresh = stored(body if whole else {**old, **body}, zone.name, zone.least_ttl)
        del zone.records[old["id"]]
        return self._keep(zone, {**fresh, "id": old["id"], "created_on": old["created_on"]})

    def _post(self, zone: Zone, body: Mapping[str, Any]) -> Record:
        record = stored(body, zone.name, zone.least_ttl)
        return self._keep(zone, {**record, "id": self._id(), "created_on": _now()})

    def _keep(self, zone: Zone, record: Record) -> Record:
        _fits(record, list(zone.records.values()))
        zone.records[record["id"]] = {**record, "modified_on": _now()}
        return zone.records[record["id"]]

    def _id(self) -> str:
        return f"{next(self._numbers):032x}"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _changeable(zone: Zone, identifier: str) -> Record:
    record = zone.records.get(identifier)
    if record is None:
        raise Refused(404, 81044, "Record does not exist.")
    if record["meta"].get("read_only"):
        raise invalid(1043, "This record is managed by another product and is read only.")
    return record


def _fits(record: Record, others: list[Record]) -> None:
    """Refuse a record that cannot stand beside the others of its zone."""
    beside = [other for other in others if other["name"] == record["name"]]
    for code, message in _clashes(record, beside):
        raise invalid(code, message)
    same = [other for other in beside if other["type"] == record["type"]]
    for other in same:
        if text(other) == text(record):
            if (other["ttl"], other["proxied"]) == (record["ttl"], record["proxied"]):
                raise invalid(81058, "An identical record already exists.")
            raise invalid(81057, "The record already exists.")
    if sum(len(other["content"]) for other in [*same, record]) > 8192:
        raise invalid(1004, "DNS Validation Error: combined content exceeds 8,192 characters")


def _clashes(record: Record, beside: list[Record]) -> Iterator[tuple[int, str]]:
    kinds = {other["type"] for other in beside}
    if record["type"] == "CNAME" and kinds & _STAND_ALONE:
        yield 81053, "An A, AAAA, or CNAME record with that host already exists."
    if record["type"] in {"A", "AAAA"} and "CNAME" in kinds:
        yield 81054, "A CNAME record with that host already exists."
    if (record["type"] == "NS" and kinds - {"NS"}) or (record["type"] != "NS" and "NS" in kinds):
        yield 81056, "NS records with that host already exist."
