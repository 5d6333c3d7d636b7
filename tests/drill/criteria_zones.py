"""Mutations of the lab's zones: record sets that are others for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import Any, NamedTuple

import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone

from criteria_hosts import Mutation, keys_in_use, on_hosts
from labkit import flush_zone
from postwright.lab.plan import ZONES
from postwright.lab.zones import TTL

# Zones in which a mail host's name lies; the others' hosts lie in alpha.test.
HOST_ZONES, OTHER_ZONES = ("alpha.test", "gamma.test"), ("beta.test", "delta.test")
DOMAINS = tuple(sorted((*HOST_ZONES, *OTHER_ZONES)))
SECOND_SERVER = "ns2.test"
_TTL = 1  # seconds

Key = tuple[str, str]
"""A record set's name and type."""
Values = Callable[[list[str]], list[str]]
"""From a record set's values to those that stand in their place."""


class Records(NamedTuple):
    """A record set: seconds to live, and values."""

    ttl: int
    values: list[str]


class Primary:
    """ns1, as somebody with a key reads and changes its zones."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._tsig = facts["tsig"]
        self._address = facts["hosts"]["ns1"]["ipv4"]
        self._keyring = dns.tsigkeyring.from_text({self._tsig["name"]: self._tsig["secret"]})

    def read(self, zone: str) -> dict[Key, Records]:
        """Return a zone's record sets."""
        found = dns.query.xfr(
            self._address, zone, keyring=self._keyring, keyalgorithm=self._tsig["algorithm"],
            relativize=False, timeout=20,
        )  # fmt: skip
        return {
            (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(each.rdtype)): Records(
                each.ttl, [rdata.to_text() for rdata in each]
            )
            for name, each in dns.zone.from_xfr(found, relativize=False).iterate_rdatasets()
        }

    def put(self, zone: str, sets: Mapping[Key, Records]) -> None:
        """Have record sets of a zone be these.

        Values that go are deleted one by one: a server leaves a zone's own NS set as a whole alone
        (RFC 2136 3.4.2.4).
        """
        there = self.read(zone)
        update = dns.update.UpdateMessage(
            zone, keyring=self._keyring, keyalgorithm=self._tsig["algorithm"]
        )
        for key, (ttl, values) in sets.items():
            old = there[key].values if key in there else []
            for value in set(old) - set(values):
                update.delete(f"{key[0]}.", key[1], value)
            for value in values:
                update.add(f"{key[0]}.", ttl, key[1], value)
        answer = dns.query.tcp(update, self._address, timeout=20)
        assert answer.rcode() == 0, answer


def forget() -> None:
    """Have the lab's resolver ask again, as it does after a record's TTL."""
    flush_zone("ns1")


def zone_of(name: str, kind: str) -> str:
    """Return the lab's zone in which a record set stands: a DS record's is the parent."""
    own = [zone for zone in ZONES if name == zone or name.endswith(f".{zone}")]
    return max((zone for zone in own if kind != "DS" or zone != name), key=len)


def records(patterns: tuple[str, ...], kind: str, values: Values) -> Mutation:
    """Return the replacement of all record sets of a type whose names fit shell patterns."""

    @contextmanager
    def replaced(facts: dict[str, Any]) -> Iterator[None]:
        primary = Primary(facts)
        before: dict[str, dict[Key, Records]] = {}
        for pattern in patterns:
            zone = zone_of(pattern, kind)
            fitting = {
                each: old
                for each, old in primary.read(zone).items()
                if each[1] == kind and fnmatch(each[0], pattern)
            }
            assert fitting, f"{zone} has no {kind} record at {pattern}"
            before.setdefault(zone, {}).update(fitting)
        try:
            for zone, sets in before.items():
                new = {each: Records(_TTL, values(old.values)) for each, old in sets.items()}
                primary.put(zone, new)
            forget()
            yield
        finally:
            for zone, sets in before.items():
                primary.put(zone, sets)
            forget()

    return replaced


@contextmanager
def second_server(facts: dict[str, Any]) -> Iterator[None]:
    """Have every mail domain's zone name a second server: ns1 under another name and address."""
    ns1 = facts["hosts"]["ns1"]
    ipv4 = f"{ns1['ipv4'].rpartition('.')[0]}.11"
    ipv6 = f"{ns1['ipv6'].rpartition(':')[0]}:11"
    knot = "/etc/knot/knot.conf"
    answering = on_hosts(
        f"ip address add {ipv4}/24 dev host0; ip address add {ipv6}/64 dev host0 nodad; "
        f"cp -p {knot} {knot}.one; sed -i 's/listen: \\[ /&{ipv4}@53, {ipv6}@53, /' {knot}; "
        "systemctl restart knot",
        f"mv {knot}.one {knot}; systemctl restart knot; "
        f"ip address del {ipv4}/24 dev host0; ip address del {ipv6}/64 dev host0",
        ("ns1",),
    )
    addresses = {
        (SECOND_SERVER, "A"): Records(_TTL, [ipv4]),
        (SECOND_SERVER, "AAAA"): Records(_TTL, [ipv6]),
    }
    cuts = [(zone, "NS") for zone in DOMAINS]
    one = Records(TTL, ["ns1.test."])
    both = Records(_TTL, [*one.values, f"{SECOND_SERVER}."])
    primary = Primary(facts)
    with answering(facts):
        try:
            primary.put("test", {**addresses, **dict.fromkeys(cuts, both)})
            for cut in cuts:
                primary.put(cut[0], {cut: both})
            forget()
            yield
        finally:
            for cut in cuts:
                primary.put(cut[0], {cut: one})
            primary.put(
                "test", {**dict.fromkeys(addresses, Records(_TTL, [])), **dict.fromkeys(cuts, one)}
            )
            forget()


def gone(_: list[str]) -> list[str]:
    """Return no values."""
    return []


def instead(value: str) -> Values:
    """Return the way to one value, whatever was there."""
    return lambda _: [value]


def current_key_alone(old: list[str]) -> list[str]:
    """Return those of TLSA values that are of a key in use."""
    in_use = keys_in_use()
    return [value for value in old if value.split()[3] in in_use]
