"""What a DNS record may be: from a request's body to the record as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
from dns.rdtypes.txtbase import TXTBase

from .answers import invalid

Record = dict[str, Any]
TYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT"]
_PROXIABLE = {"A", "AAAA", "CNAME"}
_DATA = {
    "CAA": ("flags", "tag", "value"),
    "SRV": ("priority", "weight", "port", "target"),
    "TLSA": ("usage", "selector", "matching_type", "certificate"),
}
_ADDRESS = {"A": (IPv4Address, 9005), "AAAA": (IPv6Address, 9006)}


def stored(body: Mapping[str, Any], zone: str, least_ttl: int = 60) -> Record:
    """Return a record as the server keeps it, without what it adds itself (id, times).

    Raises:
        Refused: the body is no record.
    """
    kind = body.get("type")
    if kind not in TYPES:
        raise invalid(9004 if kind else 1004, f"Invalid record type: {kind}")
    ttl, proxied = body.get("ttl", 1), body.get("proxied", False)
    if ttl != 1 and not least_ttl <= ttl <= 86400:
        message = f"Invalid TTL. Must be between {least_ttl} and 86,400 seconds, or 1 for Automatic"
        raise invalid(9021, message)
    if proxied and kind not in _PROXIABLE:
        raise invalid(9004, "This record type cannot be proxied.")
    record = {
        "name": _name(str(body.get("name", "")), zone),
        "type": kind,
        "ttl": 1 if proxied else ttl,
        "proxied": proxied,
        "proxiable": kind in _PROXIABLE,
        "comment": body.get("comment"),
        "tags": list(body.get("tags", [])),
        "settings": {},
        "meta": dict(body.get("meta", {})),
        **_content(kind, body),
    }
    if len(_wire(record)) > 4096:
        raise invalid(1004, "DNS Validation Error: the record is longer than 4,096 bytes")
    return record


def text(record: Record) -> str:
    """Return a record's value as a zone file says it: what the name servers answer."""
    kind, content = record["type"], record["content"]
    if kind in _DATA:
        parts = [str(record["data"][key]) for key in _DATA[kind]]
        if kind == "CAA":
            parts[2] = '"' + parts[2].replace("\\", "\\\\").replace('"', '\\"') + '"'
        if kind == "SRV":
            parts[3] = parts[3].rstrip(".") + "."
        return " ".join(parts)
    if kind == "MX":
        return f"{record['priority']} {content.rstrip('.')}."
    return f"{content}." if kind in {"CNAME", "NS", "PTR"} else str(content)


def _content(kind: str, body: Mapping[str, Any]) -> Record:
    if kind in _DATA:
        data = body.get("data")
        if not isinstance(data, Mapping) or set(_DATA[kind]) - set(data):
            raise invalid(1004, f"DNS Validation Error: data of {kind} is incomplete")
        kept = {key: data[key] for key in _DATA[kind]}
        content = " ".join(str(value) for value in kept.values())
        more = {"priority": kept["priority"]} if kind == "SRV" else {}
        return {"content": content, "data": kept, **more}
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise invalid(1004, "DNS Validation Error: content is required")
    if kind in _ADDRESS:
        make, code = _ADDRESS[kind]
        try:
            return {"content": str(make(content))}
        except ValueError:
            raise invalid(code, f"Content for {kind} record is invalid.") from None
    if kind == "TXT":
        return {"content": _strings(content)}
    target = content.lower().rstrip(".") or "."
    if kind != "MX":
        return {"content": target}
    if not isinstance(body.get("priority"), int):
        raise invalid(1004, "DNS Validation Error: priority is a required field for MX")
    return {"content": target, "priority": body["priority"]}


def _strings(content: str) -> str:
    """Return TXT content quoted, no string longer than 255 bytes; others stay as they came."""
    if not content.startswith('"'):
        content = '"' + content.replace("\\", "\\\\").replace('"', '\\"') + '"'
    strings: list[bytes] = []
    try:
        words = dns.tokenizer.Tokenizer(content)
        while not (word := words.get()).is_eol_or_eof():
            value = word.unescape_to_bytes().value
            strings += [value[at : at + 255] for at in range(0, len(value), 255)] or [b""]
    except dns.exception.DNSException:
        raise invalid(1004, "DNS Validation Error: content of TXT is malformed") from None
    return TXTBase(dns.rdataclass.IN, dns.rdatatype.TXT, strings).to_text()


def _name(name: str, zone: str) -> str:
    try:
        text_ = dns.name.from_text(name.rstrip(".")).to_text(omit_final_dot=True).lower()
    except dns.exception.DNSException:
        raise invalid(9000, "DNS name is invalid.") from None
    if name in {"", "@"}:
        return zone
    full = text_ if text_ == zone or text_.endswith(f".{zone}") else f"{text_}.{zone}"
    if len(full) > 253:
        raise invalid(9000, "DNS name is invalid.")
    return full


def _wire(record: Record) -> bytes:
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, record["type"], text(record))
    except dns.exception.DNSException as error:
        raise invalid(1004, f"DNS Validation Error: {error}") from None
    return rdata.to_wire() or b""
