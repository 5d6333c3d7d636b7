"""octoDNS's records and ours: what its classes hold, what a zone file says, what is not carried.

Nothing here does I/O. octoDNS has one form of a text inside, with a backslash before a semicolon,
and its providers turn that into their own; they agree only on plain text, so they get no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dns.exception
import dns.rdata
import dns.rdataclass

from postwright.dns import manifest, txt
from postwright.dns.plan import Change
from postwright.dns.records import Hindrance, RecordSet, Slot, Snapshot, canonical

# The attributes of a value, as octoDNS names them and in the order of a zone file.
_PARTS = {
    "CAA": ("flags", "tag", "value"),
    "MX": ("preference", "exchange"),
    "SRV": ("priority", "weight", "port", "target"),
    "TLSA": (
        "certificate_usage",
        "selector",
        "matching_type",
        "certificate_association_data",
    ),
}
_NAMES = {"CNAME", "NS", "PTR"}
FORMS = {"A", "AAAA", "CNAME", "PTR", "TXT", *_PARTS}
"""The types that this driver writes."""


def snapshot(zone: str, records: Iterable[Any]) -> Snapshot:
    """Return what a zone holds, of the types that matter here."""
    sets: dict[Slot, RecordSet] = {}
    hindrances: list[Hindrance] = []
    for record in records:
        slot = slot_of(zone, record)
        if slot.type == "ALIAS":
            hindrances += [_alias(Slot(slot.name, kind)) for kind in ("A", "AAAA")]
        if slot.type not in {*FORMS, "NS"}:
            continue
        values = tuple(sorted({_text(slot.type, value) for value in _values(record)}))
        sets[slot] = RecordSet(int(record.ttl), values)
        if getattr(record, "dynamic", None) or getattr(record, "geo", None):
            hindrances.append(_dynamic(slot))
        elif not all(_readable(slot.type, value) for value in values):
            hindrances.append(_unreadable(slot))
    return Snapshot(zone, sets, tuple(hindrances))


def slot_of(zone: str, record: Any) -> Slot:
    """Return where a record stands; octoDNS's names are relative, A-labels, in lower case."""
    return Slot(f"{record.name}.{zone}" if record.name else zone, str(record._type))


def data(change: Change) -> dict[str, Any]:
    """Return the set that a change leaves, as octoDNS's `Record.new` takes it."""
    kind = change.slot.type
    values = [_inside(kind, value) for value in change.after]
    said = {"value": values[0]} if kind == "CNAME" else {"values": values}
    return {"type": kind, "ttl": change.ttl, **said}


def steps(zone: str, changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield what is sent together: few providers change a zone at once.

    A claim is written before the record that it covers, and goes after it.
    """
    claims = [change for change in changes if manifest.part_of(zone, change.slot)]
    others = [change for change in changes if not manifest.part_of(zone, change.slot)]
    for change in claims:
        if change.add:
            yield [Change(change.slot, change.ttl, change.before, (), change.add)]
    if others:
        yield others
    for change in claims:
        if change.remove:
            before = tuple(sorted((*change.before, *change.add)))
            yield [Change(change.slot, change.ttl, before, change.remove, ())]


def same(kind: str, some: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether two sets hold the same values, however they are written."""
    first, second = (sorted(canonical(kind, value) for value in each) for each in (some, others))
    return first == second


def plain(change: Change) -> bool:
    """Return whether a set that a change leaves holds only text that octoDNS carries safely.

    A quote, a backslash, or what is not printable ASCII comes back otherwise from some providers
    (seen: `a" "b` as `ab` from octodns-powerdns 1.2.0).
    """
    if change.slot.type == "TXT":
        return all(_is_plain(txt.decode(value)) for value in change.after)
    if change.slot.type == "CAA":
        return all(_is_plain(_rdata("CAA", value).value) for value in change.after)
    return True


def _is_plain(value: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E and byte not in b'"\\' for byte in value)


def _values(record: Any) -> Sequence[Any]:
    return record.values if hasattr(record, "values") else [record.value]


def _text(kind: str, value: Any) -> str:
    """Return what a zone file would say of one of octoDNS's values."""
    if kind == "TXT":
        return txt.encode(str(value).replace("\\;", ";").encode())
    if kind in _NAMES:
        return _absolute(str(value))
    if kind not in _PARTS:
        return str(value)
    words = [str(getattr(value, part)) for part in _PARTS[kind]]
    if kind == "CAA":
        words[2] = '"' + words[2].replace("\\", "\\\\").replace('"', '\\"') + '"'
    elif kind in {"MX", "SRV"}:
        words[-1] = _absolute(words[-1])
    return " ".join(words)


def _inside(kind: str, value: str) -> str | dict[str, Any]:
    """Return a value as octoDNS's classes take it."""
    if kind == "TXT":
        return txt.decode(value).decode("ascii").replace(";", "\\;")
    if kind not in _PARTS:
        return value
    rdata = _rdata(kind, value)
    found: Mapping[str, Callable[[], Sequence[Any]]] = {
        "CAA": lambda: (rdata.flags, rdata.tag.decode(), rdata.value.decode()),
        "MX": lambda: (rdata.preference, rdata.exchange.to_text()),
        "SRV": lambda: (rdata.priority, rdata.weight, rdata.port, rdata.target.to_text()),
        "TLSA": lambda: (rdata.usage, rdata.selector, rdata.mtype, rdata.cert.hex()),
    }
    return dict(zip(_PARTS[kind], found[kind](), strict=True))


def _rdata(kind: str, value: str) -> Any:
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value)


def _readable(kind: str, value: str) -> bool:
    try:
        canonical(kind, value)
    except dns.exception.DNSException:
        return False
    return True


def _absolute(name: str) -> str:
    return name.rstrip(".") + "."


def _alias(slot: Slot) -> Hindrance:
    return Hindrance(
        slot,
        None,
        "an ALIAS stands at the name and is answered as another name's addresses",
        "delete the ALIAS, or give the mail host a name of its own",
    )


def _dynamic(slot: Slot) -> Hindrance:
    return Hindrance(
        slot,
        None,
        "it is a dynamic record (pools, rules or regions), which a plain one would replace",
        "delete it, or turn this record off: `records` of the domain or `mail_records` of the host",
    )


def _unreadable(slot: Slot) -> Hindrance:
    return Hindrance(
        slot,
        None,
        "a value there is none of its type, as octoDNS read it",
        "mend or delete it at the provider",
    )
