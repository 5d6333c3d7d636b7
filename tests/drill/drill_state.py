"""The final state of a run as one flat mapping: what the mail hosts are, what the zones hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from labkit import MAIL_HOSTS, ROOT, command, this_lab
from postwright.dns import txt
from postwright.dns.drivers import Rfc2136, Server
from postwright.lab import zones
from postwright.lab.plan import ZONES

State = Mapping[str, str]
HOST_STATE = Path(__file__).with_name("host_state.py")


def driver() -> Rfc2136:
    """Return a driver of the lab's name server."""
    facts = json.loads((ROOT / ".lab" / "lab.json").read_text(encoding="utf-8"))
    key = facts["tsig"]
    address = facts["hosts"]["ns1"]["ipv4"]
    return Rfc2136(Server("lab", address, 53, key["name"], key["algorithm"], key["secret"]))


def whole() -> State:
    """Return the present state of both mail hosts and of every zone."""
    state = {f"{host}: {key}": text for host in MAIL_HOSTS for key, text in _host(host).items()}
    lab = this_lab()
    for zone in (*ZONES, zones.reverse_ipv4(lab), zones.reverse_ipv6(lab)):
        state |= {f"{zone}: {key}": text for key, text in _zone(zone).items()}
    return state


def differences(wanted: State, seen: State) -> list[str]:
    """Return a line for each thing that is missing, unexpected or otherwise."""
    return [
        f"{key}: undisturbed {wanted.get(key)!r}, now {seen.get(key)!r}"
        for key in sorted(wanted.keys() | seen.keys())
        if wanted.get(key) != seen.get(key)
    ]


def _host(host: str) -> dict[str, str]:
    done = command(
        *("scripts/lab", "exec", host, "--", "python3", "-"),
        input=HOST_STATE.read_text(encoding="utf-8"),
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _zone(zone: str) -> dict[str, str]:
    found = driver().read(zone).sets
    return {
        f"{_tagless(slot.name)} {slot.type}": (
            f"{records.ttl} {sorted(_value(slot.type, value) for value in records.values)}"
        )
        for slot, records in found.items()
        if slot.type != "SOA"
    }


def _value(kind: str, text: str) -> str:
    """Return a value without what is new in each run: keys, and accounts at the CA."""
    match kind:
        case "TXT":
            joined = _tagless(txt.decode(text).decode())
            return re.sub(r"\bp=[A-Za-z0-9+/=]{16,}", "p=KEY", joined)
        case "TLSA" | "DS":
            return re.sub(r"[0-9a-f]{32,}$|^\d+ ", "KEY", text)
        case "CAA":
            return re.sub(r"(?<=my-account/)\w+", "ACCOUNT", text)
    return text


def _tagless(text: str) -> str:
    """A selector ends in a tag of its key."""
    return re.sub(r"(-\d{6}[er])-[a-z2-7]{4}\b", r"\1-TAG", text)
