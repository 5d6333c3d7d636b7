"""Cloudflare's records and ours: what its API stores, what a zone file says, what it cannot hold.

Nothing here does I/O. Pages are those of developers.cloudflare.com, under
/dns/manage-dns-records/reference/ where no other place is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from postwright.dns import txt
from postwright.dns.plan import Change
from postwright.dns.records import Hindrance, RecordSet, Slot, Snapshot

from .base import Refusal

AUTOMATIC = 300
"""Seconds that the TTL 1, "automatic", stands for where a record is not proxied (octoDNS #210)."""

_READ = date(2026, 11, 25)
_DATA = {
    "CAA": ("flags", "tag", "value"),
    "SRV": ("priority", "weight", "port", "target"),
    "TLSA": ("usage", "selector", "matching_type", "certificate"),
}
_NAMES = {"CNAME", "NS", "PTR"}
_PLAIN = {"A", "AAAA", "MX", "TXT", *_NAMES}
_ADDRESSES = ("A", "AAAA")


@dataclass(frozen=True)
class Record:
    """A record as Cloudflare keeps it; `value` is what a zone file would say."""

    id: str
    slot: Slot
    value: str
    ttl: int
    proxied: bool
    locked: bool

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Record:
        """Return the record of the API's answer."""
        meta = data.get("meta") or {}
        return cls(
            id=str(data["id"]),
            slot=Slot(str(data["name"]).lower().rstrip("."), str(data["type"])),
            value=_value(data),
            ttl=AUTOMATIC if data.get("ttl", 1) == 1 else int(data["ttl"]),
            proxied=bool(data.get("proxied")),
            locked=bool(meta.get("read_only")),
        )


def snapshot(zone: str, records: Iterable[Record]) -> Snapshot:
    """Return what a zone holds.

    A CNAME at the zone's own name is answered as addresses (/dns/cname-flattening, Setup), so
    beside it stands whatever but A and AAAA: it is no CNAME to the world, and none here.
    """
    sets: dict[Slot, list[Record]] = {}
    hindrances: list[Hindrance] = []
    for record in records:
        if record.slot == Slot(zone, "CNAME"):
            hindrances += [_flattened(Slot(zone, kind), record) for kind in _ADDRESSES]
            continue
        sets.setdefault(record.slot, []).append(record)
        hindrances += _hindrance(record)
    return Snapshot(
        zone,
        {
            slot: RecordSet(min(r.ttl for r in found), tuple(sorted(r.value for r in found)))
            for slot, found in sets.items()
        },
        tuple(hindrances),
    )


def body(slot: Slot, ttl: int, value: str) -> dict[str, Any]:
    """Return a new record of ours as the API takes it: never proxied."""
    record: dict[str, Any] = {"name": slot.name, "type": slot.type, "ttl": ttl, "proxied": False}
    if slot.type == "TXT":
        return {**record, "content": value}
    rdata: Any = _rdata(slot.type, value)
    if slot.type == "MX":
        return {**record, "priority": rdata.preference, "content": _bare(rdata.exchange)}
    if slot.type == "CAA":
        data = {"flags": rdata.flags, "tag": rdata.tag.decode(), "value": rdata.value.decode()}
    elif slot.type == "SRV":
        data = {"priority": rdata.priority, "weight": rdata.weight, "port": rdata.port}
        data["target"] = _bare(rdata.target)
    elif slot.type == "TLSA":
        data = {"usage": rdata.usage, "selector": rdata.selector}
        data |= {"matching_type": rdata.mtype, "certificate": rdata.cert.hex()}
    else:
        return {**record, "content": value.rstrip(".") if slot.type in _NAMES else value}
    return {**record, "data": data}


def _value(data: Mapping[str, Any]) -> str:
    kind, content = str(data["type"]), str(data.get("content") or "")
    parts = data.get("data")
    if kind in _DATA and isinstance(parts, Mapping):
        words = [str(parts[key]) for key in _DATA[kind]]
        if kind == "CAA":
            words[2] = '"' + words[2].replace("\\", "\\\\").replace('"', '\\"') + '"'
        return " ".join(words) if kind != "SRV" else f"{' '.join(words[:3])} {_absolute(words[3])}"
    if kind in _NAMES:
        return _absolute(content)
    if kind == "MX":
        return f"{data['priority']} {_absolute(content)}"
    return _quoted(content) if kind == "TXT" else content


def _quoted(content: str) -> str:
    """Return TXT content as it is where it is quoted strings; some old records are bare text."""
    if content.startswith('"'):
        try:
            txt.decode(content)
        except dns.exception.DNSException:
            pass
        else:
            return content
    return txt.encode(content.encode())


def _absolute(name: str) -> str:
    return name.rstrip(".") + "."


def _bare(name: Any) -> str:
    return str(name.to_text(omit_final_dot=len(name) > 1))


def _rdata(kind: str, value: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value)


def _hindrance(record: Record) -> list[Hindrance]:
    if record.locked:
        return [
            Hindrance(
                record.slot,
                record.value,
                "another product of Cloudflare's, such as Email Routing, keeps it and lets nobody "
                "change it",
                "turn that product off for the zone, in Cloudflare's dashboard",
            )
        ]
    if record.proxied and record.slot.type in _ADDRESSES:
        return [
            Hindrance(
                record.slot,
                record.value,
                "it is proxied, so the world gets Cloudflare's addresses, where no mail arrives",
                "set it to DNS only, in Cloudflare's dashboard",
            )
        ]
    return []


def _flattened(slot: Slot, record: Record) -> Hindrance:
    return Hindrance(
        slot,
        None,
        f"a CNAME to {record.value} stands at the zone's own name and is answered as addresses",
        "delete that CNAME, or give the mail host a name of its own",
    )


def _long(change: Change) -> bool:
    """Return whether a value takes more than 4,096 bytes on the wire."""
    return any(len(_rdata(change.slot.type, value).to_wire() or b"") > 4096 for value in change.add)


REFUSALS = (
    Refusal(
        "a TTL under 30 s or over a day",
        lambda change: bool(change.add) and not 30 <= change.ttl <= 86400,
        "Cloudflare holds TTLs from 60 seconds (Enterprise: 30) to 86,400",
        "give the record a TTL between them",
        "page ttl",
        _READ,
    ),
    Refusal(
        "a type it has no form for",
        lambda change: bool(change.add) and change.slot.type not in {*_PLAIN, *_DATA},
        "this driver has no form for the type",
        "publish it by hand",
        "page dns-record-types",
        _READ,
    ),
    Refusal(
        "a record of over 4,096 bytes",
        _long,
        "Cloudflare holds records of at most 4,096 bytes",
        "make the value shorter",
        "page dns-record-types",
        _READ,
    ),
    Refusal(
        "a set of over 8,192 characters",
        lambda change: bool(change.add) and sum(map(len, change.after)) > 8192,
        "Cloudflare holds at most 8,192 characters for all records of one name and type",
        "put fewer or shorter values there",
        "page dns-record-types",
        _READ,
    ),
)
