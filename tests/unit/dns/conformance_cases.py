"""What every driver has to do, case by case. Each case works under a name of its own.

A case returns nothing, or a word where drivers may differ within the protocol; it is shown in the
table. What a provider is known not to hold is declared in the driver's capabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from conformance_backends import Backend, forms, seen_when
from conformance_steps import (
    CAPPED_TTL,
    LARGE_SET,
    NO_ADDRESS,
    Refused,
    overtaken,
    planned,
    publish,
    put,
    quick,
)
from dns_samples import txt, want
from name_servers import ZONE

from postwright.dns import manifest
from postwright.dns.apply import apply
from postwright.dns.claims import Kind
from postwright.dns.errors import (
    AmbiguousError,
    ConflictError,
    CredentialError,
    DnsError,
    StalePlanError,
)
from postwright.dns.plan import Change
from postwright.dns.records import Slot, Snapshot
from postwright.dns.txt import decode


@dataclass(frozen=True)
class Case:
    """A case and what it is called in the table."""

    name: str
    walk: Callable[[Backend, str], str | None]


def walk_type(kind: str, first: str, second: str) -> Case:
    """Return the case of a record type: create, change, add, delete."""

    def walk(backend: Backend, name: str) -> None:
        slot = Slot(name if kind in {"A", "AAAA", "MX", "TXT", "CAA"} else f"_x._tcp.{name}", kind)
        put(backend, slot, first)
        put(backend, slot, second)
        if kind != "CNAME":
            put(backend, slot, first, second)
        assert slot not in put(backend, slot).sets

    return Case(f"{kind}: create, change, delete", walk)


def walk_txt(what: str, value: bytes | str) -> Case:
    """Return the case of a TXT value: what is read back is what was sent, byte by byte."""

    def walk(backend: Backend, name: str) -> None:
        raw = value.encode() if isinstance(value, str) else value
        slot = Slot(f"s._domainkey.{name}", "TXT")
        seen = publish(backend, name, want(Kind.DKIM, slot.name, txt(raw.decode())))
        assert [decode(each) for each in seen.values(slot)] == [raw]
        assert [decode(each) for each in backend.answers(*slot)] == [raw]
        put(backend, slot, txt("other"))
        assert slot not in put(backend, slot).sets

    return Case(f"TXT: {what}", walk)


def walk_ttl(ttl: int) -> Case:
    """Return the case of a TTL."""

    def walk(backend: Backend, name: str) -> str | None:
        seen = put(backend, Slot(name, "A"), "198.18.0.1", ttl=ttl).sets[Slot(name, "A")]
        if seen.ttl != ttl and CAPPED_TTL.at(backend):
            return f"{seen.ttl} ({CAPPED_TTL.seen})"
        assert seen.ttl == ttl
        return None

    return Case(f"TTL of {ttl} s", walk)


def foreign_values_survive(backend: Backend, name: str) -> None:
    backend.foreign(name, "TXT", '"google-site-verification=x"', '"MS=ms1"', ttl=600)
    spf = want(Kind.SPF, name, txt("v=spf1 ip4:198.18.0.1 ~all"))
    seen = publish(backend, name, spf)
    slot = Slot(name, "TXT")
    assert len(seen.values(slot)) == 3
    assert seen.sets[slot].ttl == 600
    publish(backend, name, want(Kind.SPF, name, txt("v=spf1 ip4:198.18.0.2 ~all")))
    assert {'"MS=ms1"', '"google-site-verification=x"'} < set(backend.answers(*slot))


def several_values(backend: Backend, name: str) -> None:
    slot = Slot(name, "MX")
    values = [f"{10 * n} mx{n}.elsewhere.test." for n in range(1, 5)]
    put(backend, slot, *values)
    put(backend, slot, *values[1:3])


def null_mx(backend: Backend, name: str) -> None:
    put(backend, Slot(name, "MX"), "0 .")
    put(backend, Slot(name, "MX"))


def mx_without_address(backend: Backend, name: str) -> None:
    if NO_ADDRESS.at(backend):
        with pytest.raises(CredentialError, match="MX to a name of the zone that has no address"):
            put(backend, Slot(name, "MX"), f"10 mx1.{name}.")
        raise Refused(f"refused ({NO_ADDRESS.seen})")
    put(backend, Slot(name, "MX"), f"10 mx1.{name}.")


def address_and_mx_at_once(backend: Backend, name: str) -> None:
    mx = Change(Slot(name, "MX"), 300, (), (), (f"10 mx1.{name}.",))
    address = Change(Slot(f"mx1.{name}", "A"), 300, (), (), ("198.18.0.1",))
    backend.driver().apply(ZONE, [mx, address])
    assert backend.answers(name, "MX") == [f"10 mx1.{name}."]


def large_set(backend: Backend, name: str) -> None:
    values = [txt(f"value {number}") for number in range(150)]
    if LARGE_SET.at(backend):
        with pytest.raises(AmbiguousError, match="max-records-per-type"):
            put(backend, Slot(name, "TXT"), *values)
        raise Refused(f"refused ({LARGE_SET.seen})")
    put(backend, Slot(name, "TXT"), *values)


def many_claims(backend: Backend, name: str) -> None:
    """No set of ours is such a set: the manifest has parts."""
    wants = [want(Kind.A, f"h{number}.{name}", "198.18.0.1") for number in range(150)]
    seen = publish(backend, name, *wants)
    assert len(manifest.read(seen, name.partition(".")[0]).mine) == len(wants)


def wildcard(backend: Backend, name: str) -> None:
    backend.foreign(f"*.{name}", "TXT", '"of the wildcard"')
    driver = backend.driver()
    seen = seen_when(driver, lambda it: Slot(f"*.{name}", "TXT") in it.sets)
    assert seen.values(Slot(f"*.{name}", "TXT")) == ('"of the wildcard"',)
    assert not seen.values(Slot(f"_dmarc.{name}", "TXT"))
    publish(backend, name, want(Kind.DKIM, f"s.{name}", txt("v=DKIM1; p=AAAA")))
    assert backend.answers(f"*.{name}", "TXT") == ['"of the wildcard"']
    put(backend, Slot(f"*.{name}", "A"), "198.18.0.1")


def mixed_case(backend: Backend, name: str) -> None:
    mixed = name.replace("zone", "ZoNe").replace("case", "CaSe")
    backend.foreign(mixed, "MX", "10 MX1.ElseWhere.test.")
    slot = Slot(name, "MX")
    seen = seen_when(backend.driver(), lambda it: slot in it.sets)
    assert forms("MX", seen.values(slot)) == ["10 mx1.elsewhere.test."]
    publish(backend, name, want(Kind.A, name, "198.18.0.1"))
    put(backend, slot, "20 mx2.elsewhere.test.")


def trailing_dots(backend: Backend, name: str) -> None:
    put(backend, Slot(f"a.{name}", "CNAME"), "target.elsewhere.test.")
    put(backend, Slot(f"_imaps._tcp.{name}", "SRV"), "0 1 993 mx.elsewhere.test.")
    assert backend.answers(f"a.{name}", "CNAME") == ["target.elsewhere.test."]


def cname_in_the_way(backend: Backend, name: str) -> None:
    backend.foreign(name, "CNAME", "elsewhere.test.")
    seen_when(backend.driver(), lambda it: Slot(name, "CNAME") in it.sets)
    plan = planned(backend, name, [want(Kind.SPF, name, txt("v=spf1 -all"))])
    with pytest.raises(ConflictError, match="CNAME"):
        apply(backend.driver(), plan, quick)


def delegation_in_the_way(backend: Backend, name: str) -> None:
    backend.foreign(name, "NS", "ns.elsewhere.test.")
    seen_when(backend.driver(), lambda it: Slot(name, "NS") in it.sets)
    plan = planned(backend, name, [want(Kind.A, f"mx.{name}", "198.18.0.1")])
    assert ["delegated" in each.why for each in plan.conflicts] == [True]


def zones_by_name(backend: Backend, name: str) -> None:
    driver = backend.driver()
    assert driver.find_zone(ZONE) == ZONE
    assert driver.find_zone(f"a.b.{name}") == ZONE
    assert driver.find_zone("zone.elsewhere") is None
    assert driver.find_zone("notzone.test") is None
    driver.probe(ZONE)
    with pytest.raises(DnsError, match=rf"dns_providers\.({backend.name}|cf).*elsewhere\.test"):
        driver.read("elsewhere.test")


def changed_before_apply(backend: Backend, name: str) -> None:
    plan = planned(backend, name, [want(Kind.SPF, name, txt("v=spf1 -all"))])
    backend.foreign(name, "TXT", '"meanwhile"')
    seen_when(backend.driver(), lambda it: Slot(name, "TXT") in it.sets)
    with pytest.raises(StalePlanError):
        apply(backend.driver(), plan, quick)
    assert backend.answers(name, "TXT") == ['"meanwhile"']


def overtaken_by_the_same(backend: Backend, name: str) -> None:
    assert overtaken(backend, name, '"v=spf1 -all"')
    assert backend.answers(name, "TXT") == ['"v=spf1 -all"']


def overtaken_by_another(backend: Backend, name: str) -> str:
    stale = overtaken(backend, name, '"of others"')
    conditional = backend.driver().capabilities.conditional
    assert stale or not conditional
    assert '"of others"' in backend.answers(name, "TXT")
    if stale:
        return "refused by the server" if conditional else "seen by a last look"
    return "unseen, kept"


def three_thousand_foreign_records(backend: Backend, name: str) -> None:
    addresses = [f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(3000)]
    for at in range(0, 3000, 100):
        backend.foreign(f"h{at}.{name}", "A", *addresses[at : at + 100])

    def all_there(seen: Snapshot) -> bool:
        found = [v for slot, s in seen.sets.items() if slot.name.endswith(name) for v in s.values]
        return len(found) >= 3000

    before = seen_when(backend.driver(), all_there)
    assert all_there(before)
    after = publish(backend, name, want(Kind.SPF, name, txt("v=spf1 -all")))
    kept = {slot: found for slot, found in after.sets.items() if slot in before.sets}
    assert {s: f for s, f in before.sets.items() if s.type == "A"}.items() <= kept.items()
    for at in range(0, 3000, 100):
        backend.forget(f"h{at}.{name}", "A")


_HASH = "ab" * 32
CASES = [
    Case("zones: found, proven, unknown", zones_by_name),
    *(walk_txt(f"{size} bytes", b"x" * size) for size in (254, 255, 256, 510, 766, 2048)),
    walk_txt("more than 4,096 bytes", b"x" * 4200),
    walk_txt("quotes", 'v="a" "b"'),
    walk_txt("backslashes", "a\\b\\\\c\\065"),
    walk_txt("semicolons", "v=DKIM1; k=rsa; p=A;B ;"),
    walk_txt("blanks at both ends", "  x  "),
    walk_txt("UTF-8", "日本語 é"),
    walk_txt("UTF-8 across 255 bytes", "語" * 100),
    walk_txt("controls", "a\tb\x7fc"),
    Case("TXT: foreign values in the set survive", foreign_values_survive),
    walk_type("A", "198.18.0.1", "198.18.0.2"),
    walk_type("AAAA", "2001:2::1", "2001:2:0:0:0::2"),
    walk_type("MX", "10 mx1.elsewhere.test.", "20 mx2.elsewhere.test."),
    walk_type("TXT", '"one"', '"two"'),
    walk_type("PTR", "mx1.elsewhere.test.", "mx2.elsewhere.test."),
    walk_type("CAA", '0 issue "ca.test"', '128 iodef "mailto:a@b.test"'),
    walk_type("TLSA", f"3 1 1 {_HASH}", f"3 1 1 {_HASH[::-1]}"),
    walk_type("SRV", "0 1 993 mx1.elsewhere.test.", "0 0 0 ."),
    walk_type("CNAME", "one.elsewhere.test.", "two.elsewhere.test."),
    Case("MX: several values", several_values),
    Case("MX: null (RFC 7505)", null_mx),
    Case("MX: to a name without address", mx_without_address),
    Case("MX: with its host's address in one change", address_and_mx_at_once),
    Case("a set of 150 values", large_set),
    Case("150 records of ours", many_claims),
    Case("wildcard", wildcard),
    Case("mixed case", mixed_case),
    Case("trailing dots", trailing_dots),
    *(walk_ttl(ttl) for ttl in (0, 60, 86400, 604800)),
    Case("CNAME in the way", cname_in_the_way),
    Case("delegation in the way", delegation_in_the_way),
    Case("changed between plan and apply", changed_before_apply),
    Case("overtaken after the last read: same value", overtaken_by_the_same),
    Case("overtaken after the last read: another value", overtaken_by_another),
    Case("3,000 foreign records", three_thousand_foreign_records),
]
