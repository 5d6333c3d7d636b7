"""The check of the world: every kind of finding in a small Internet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import dns.flags
import dns.message
import dns.rrset
import pytest
from dns_samples import NOW, txt
from dns_world import (
    KEY,
    ONE,
    PARENT,
    POINTER,
    POINTER6,
    REVERSE,
    SIX,
    TWO,
    Internet,
    entries,
    internet,
    inventory,
    seen,
)

from postwright.dns.claims import Claim, Kind
from postwright.dns.errors import NotAnsweredError
from postwright.dns.world import RULES, built_in
from postwright.dns.world.asking import Record, reply_of

MX = ("alpha.test", "MX")
SPF = ("alpha.test", "TXT")
OURS = "v=spf1 ip4:198.18.0.21 ip6:2001:2::21"
MANIFEST = ("_postwright.alpha.test", "TXT")


def everywhere(world: Internet, slot: tuple[str, str], *values: str) -> None:
    for held in world.servers.values():
        if "alpha.test" in held:
            held["alpha.test"][slot] = list(values)


def at(world: Internet, address: str, slot: tuple[str, str], *values: str) -> None:
    world.servers[address]["alpha.test"][slot] = list(values)


@pytest.mark.parametrize("keys", [(KEY,), ()])
def test_a_world_that_is_right_has_nothing_to_say(keys: tuple[object, ...]) -> None:
    assert seen(internet(), *keys) == []  # type: ignore[arg-type]


Change = Callable[[Internet], object]
DUE = NOW + timedelta(days=3)
DKIM = ("mx1-202611e._domainkey.alpha.test", "TXT")
CASES: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "a missing record": (
        lambda w: everywhere(w, MX),
        [("record.missing", "alpha.test MX")],
    ),
    "a different record": (
        lambda w: everywhere(w, MX, "5 evil.test."),
        [("record.different", "alpha.test MX")],
    ),
    "a CNAME in its place": (
        lambda w: (everywhere(w, MX), everywhere(w, ("alpha.test", "CNAME"), "x.test.")),
        [("record.different", "alpha.test MX")],
    ),
    "one more record": (
        lambda w: everywhere(w, MX, "10 mx1.alpha.test.", "20 evil.test."),
        [("record.extra", "alpha.test MX")],
    ),
    "a second SPF record": (
        lambda w: everywhere(w, SPF, txt(f"{OURS} ~all"), txt("v=spf1 -all")),
        [("record.extra", "alpha.test TXT (SPF)")],
    ),
    "an SPF record with a term that nobody adopted": (
        lambda w: everywhere(w, SPF, txt(f"{OURS} include:many.test ~all")),
        [("record.different", "alpha.test TXT (SPF)"), ("spf.lookups", "alpha.test")],
    ),
    "a term that leaves is no drift until its time": (
        lambda w: (
            everywhere(w, SPF, txt(f"{OURS} ip4:198.18.0.9 ~all")),
            _redate(w, Claim(Kind.SPF, "alpha.test"), DUE),
        ),
        [],
    ),
    "a term that should have left": (
        lambda w: (
            everywhere(w, SPF, txt(f"{OURS} ip4:198.18.0.9 ~all")),
            _redate(w, Claim(Kind.SPF, "alpha.test"), NOW - timedelta(days=1)),
        ),
        [("record.different", "alpha.test TXT (SPF)")],
    ),
    "a CAA that lets only another CA in": (
        lambda w: everywhere(w, ("alpha.test", "CAA"), '0 issue "other.test"'),
        [("caa.forbids", "mx1.alpha.test")],
    ),
    "a server that has something old": (
        lambda w: at(w, TWO, MX, "5 old.test."),
        [("record.stale", f"alpha.test MX at ns2.test ({TWO})")],
    ),
    "a server that has something old over IPv6 alone": (
        lambda w: at(w, SIX, MX),
        [("record.stale", f"alpha.test MX at ns2.test ({SIX})")],
    ),
    "a resolver that has something old": (
        lambda w: w.cached.update({MX: ["5 old.test."]}),
        [("record.cached", "alpha.test MX")],
    ),
    "ours, and wanted no more": (
        lambda w: _more(w, entries("alpha.test", Claim(Kind.MX, "old.alpha.test"))),
        [("record.unwanted", "old.alpha.test MX")],
    ),
    "ours, and leaving": (
        lambda w: _more(w, entries("alpha.test", Claim(Kind.MX, "old.alpha.test"), due=DUE)),
        [("record.retiring", "old.alpha.test MX")],
    ),
    "a manifest that lost a line": (
        lambda w: _less(w, "k=mx"),
        [("manifest.incomplete", "zone alpha.test")],
    ),
    "a server that does not answer": (
        lambda w: w.silent.add(TWO),
        [("delegation.lame", f"zone alpha.test: ns2.test ({TWO})")],
    ),
    "a server that does not know the zone": (
        lambda w: w.servers[SIX].clear(),
        [("delegation.lame", f"zone alpha.test: ns2.test ({SIX})")],
    ),
    "no route to a server": (
        lambda w: w.unreachable.add(SIX),
        [("delegation.not_asked", f"zone alpha.test: ns2.test ({SIX})")],
    ),
    "a server without an address": (
        lambda w: [w.servers[PARENT]["test"].pop(("ns2.test", kind)) for kind in ("A", "AAAA")],
        [("delegation.no_address", "zone alpha.test: ns2.test")],
    ),
    "a parent that lists others": (
        lambda w: w.servers[PARENT]["test"].update({("alpha.test", "NS"): ["ns1.test."]}),
        [("delegation.differs", "zone alpha.test")],
    ),
    "a domain that nobody delegates": (
        lambda w: (
            [held.pop("alpha.test", None) for held in w.servers.values()],
            w.servers[PARENT]["test"].pop(("alpha.test", "NS")),
        ),
        [
            ("dkim.none", "alpha.test"),
            ("forward.differs", "198.18.0.21 (mx1.alpha.test)"),
            ("forward.differs", "2001:2::21 (mx1.alpha.test)"),
            ("zone.absent", "alpha.test"),
        ],
    ),
    "a zone that does not validate": (
        lambda w: w.bogus.add("alpha.test"),
        [("dnssec.broken", "zone alpha.test")],
    ),
    "a zone without signatures": (
        lambda w: w.unsigned.add("alpha.test"),
        [("dnssec.absent", "zone alpha.test")],
    ),
    "a resolver that does not validate": (
        lambda w: setattr(w, "validating", False),
        [("resolver.not_validating", "DNSSEC")],
    ),
    "an address without a name": (
        lambda w: w.servers[ONE][REVERSE].pop((POINTER, "PTR")),
        [("reverse.missing", "198.18.0.21 (mx1.alpha.test)")],
    ),
    "an address with another name": (
        lambda w: [
            held.update({(POINTER6, "PTR"): ["host-21.provider.test."]})
            for zone, held in w.servers[ONE].items()
            if zone.endswith("ip6.arpa")
        ],
        [("reverse.differs", "2001:2::21 (mx1.alpha.test)")],
    ),
    "a name that leads elsewhere": (
        lambda w: everywhere(w, ("mx1.alpha.test", "A"), "198.18.0.9"),
        [
            ("forward.differs", "198.18.0.21 (mx1.alpha.test)"),
            ("record.different", "mx1.alpha.test A"),
        ],
    ),
    "a name whose old address is still remembered": (
        lambda w: w.cached.update({("mx1.alpha.test", "A"): ["198.18.0.9"]}),
        [("record.cached", "mx1.alpha.test A")],
    ),
    "a key that is none": (
        lambda w: everywhere(w, DKIM, txt("v=DKIM1; k=rsa; p=AAAA")),
        [("dkim.key", DKIM[0])],
    ),
    "a key that is gone": (
        lambda w: everywhere(w, DKIM),
        [("record.missing", f"{DKIM[0]} TXT")],
    ),
    "no key at all": (
        lambda w: (everywhere(w, DKIM), _less(w, "k=dkim")),
        [("dkim.none", "alpha.test")],
    ),
    "a listed address": (
        lambda w: _listed(w, "21.0.18.198.bl.test", "127.0.0.4"),
        [("blocklist.listed", "198.18.0.21 on addresses (bl.test)")],
    ),
    "a listed IPv6 address": (
        lambda w: _listed(w, POINTER6.replace("ip6.arpa", "bl.test"), "127.0.0.4"),
        [("blocklist.listed", "2001:2::21 on addresses (bl.test)")],
    ),
    "a listed domain": (
        lambda w: _listed(w, "alpha.test.dbl.test", "127.0.1.2"),
        [("blocklist.listed", "alpha.test on domains (dbl.test)")],
    ),
    "a list that refuses public resolvers": (
        lambda w: _listed(w, "21.0.18.198.bl.test", "127.255.255.254"),
        [("blocklist.unusable", "addresses (bl.test)")],
    ),
    "a list that refuses the kind of question": (
        lambda w: _listed(w, "alpha.test.dbl.test", "127.0.1.255"),
        [("blocklist.unusable", "domains (dbl.test)")],
    ),
    "a list that lists the whole world": (
        lambda w: (_listed(w, "1.0.0.127.bl.test", "127.0.0.2"),
                   _listed(w, "21.0.18.198.bl.test", "127.0.0.2")),
        [("blocklist.unusable", "addresses (bl.test)")],
    ),
    "a list whose name was sold": (
        lambda w: _listed(w, "2.0.0.127.bl.test", "198.18.0.80"),
        [("blocklist.unusable", "addresses (bl.test)")],
    ),
    "a list that is dead": (
        lambda w: w.servers[PARENT]["test"].pop(("test.dbl.test", "A")),
        [("blocklist.unusable", "domains (dbl.test)")],
    ),
}  # fmt: skip


def _listed(world: Internet, name: str, code: str) -> None:
    world.servers[PARENT]["test"][name, "A"] = [code]


def _more(world: Internet, values: list[str]) -> None:
    for held in world.servers.values():
        if "alpha.test" in held:
            held["alpha.test"][MANIFEST] = held["alpha.test"][MANIFEST] + values


def _less(world: Internet, word: str) -> None:
    for held in world.servers.values():
        if "alpha.test" in held:
            left = [value for value in held["alpha.test"][MANIFEST] if f" {word} " not in value]
            held["alpha.test"][MANIFEST] = left


def _redate(world: Internet, claim: Claim, due: datetime) -> None:
    for held in world.servers.values():
        if "alpha.test" in held:
            old = entries("alpha.test", claim)[0]
            left = [value for value in held["alpha.test"][MANIFEST] if value != old]
            held["alpha.test"][MANIFEST] = left + entries("alpha.test", claim, due=due)


@pytest.mark.parametrize("case", CASES)
def test_each_fault_is_told_and_no_other(case: str) -> None:
    change, expected = CASES[case]
    world = internet()
    change(world)
    found = seen(world)
    assert sorted((each.id, each.subject) for each in found) == expected
    assert all(each.seen and each.mend and each.source for each in found)


def test_with_the_hosts_own_keys_another_key_is_a_difference() -> None:
    world = internet()
    everywhere(world, DKIM, txt(f"v=DKIM1; k=ed25519; p={'B' * 43}="))
    assert [each.id for each in seen(world)] == []
    assert [each.id for each in seen(world, KEY)] == ["record.different"]


def test_every_kind_of_finding_has_a_case() -> None:
    told = {found for _, expected in CASES.values() for found, _ in expected}
    # What takes more than one answer, or none at all, is shown below.
    below = {"dkim.weak", "spf.include", "spf.void", "spf.unknown", "caa.unknown"}
    assert set(RULES) - told == below


def test_a_short_key_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    world = internet()
    monkeypatch.setattr("postwright.dns.world.dkim.fault", lambda _: None)
    monkeypatch.setattr("postwright.dns.world.dkim.bits", lambda _: 1024)
    assert [each.id for each in seen(world)] == ["dkim.weak"]


def test_an_include_that_leads_nowhere_is_told() -> None:
    world = internet()
    everywhere(world, SPF, txt(f"{OURS} include:gone.test ~all"))
    assert {each.id for each in seen(world)} == {"record.different", "spf.include"}


def test_senders_that_are_gone_are_told() -> None:
    world = internet()
    everywhere(world, SPF, txt(f"{OURS} a:x.gone.test a:y.gone.test a:z.gone.test ~all"))
    assert {each.id for each in seen(world)} == {"record.different", "spf.void"}


def test_what_no_server_answers_is_not_known() -> None:
    world = internet()
    world.mute |= {("gone.test", "TXT"), ("mx1.alpha.test", "CAA")}
    everywhere(world, SPF, txt(f"{OURS} include:gone.test ~all"))
    assert {each.id for each in seen(world)} == {"record.different", "spf.unknown", "caa.unknown"}


def test_an_ipv6_address_that_the_inventory_does_not_know_is_extra() -> None:
    found = seen(internet(), found=inventory(mail_ipv6=""))
    assert ("record.extra", "mx1.alpha.test AAAA") in {(each.id, each.subject) for each in found}


def test_without_a_resolver_nothing_is_checked() -> None:
    world = internet()
    world.silent.add("198.18.0.53")
    with pytest.raises(NotAnsweredError, match=r"198\.18\.0\.53"):
        seen(world)


def test_a_message_is_read_as_it_was_sent() -> None:
    query = dns.message.make_query("Alpha.test.", "MX")
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA | dns.flags.AD
    answer.answer = [dns.rrset.from_text("Alpha.test.", 60, "IN", "MX", "10 MX1.Alpha.test.")]
    reply = reply_of(answer)
    assert reply.answer == (Record("alpha.test", "MX", 60, "10 mx1.alpha.test."),)
    assert (reply.code, reply.authoritative, reply.authentic) == ("NOERROR", True, True)


def test_the_lists_that_are_built_in_name_their_pages() -> None:
    lists = built_in()
    assert {spec.zone for spec in lists.values()} >= {"zen.spamhaus.org", "dbl.spamhaus.org"}
    assert all(spec.page.startswith("https://") for spec in lists.values())
    assert "127.0.1.255" in lists["spamhaus_dbl"].errors


def test_a_hoster_keeps_no_manifest() -> None:
    world = internet()
    del world.servers[ONE][REVERSE][f"_postwright.{REVERSE}", "TXT"]
    assert seen(world, KEY) == []


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("ns.hoster.test.", f"(the zone {REVERSE} is at ns.hoster.test)"),
        ("ns1.your-server.de.", "the driver hetzner_cloud does it"),
    ],
)
def test_who_can_change_a_reverse_name_is_said(server: str, said: str) -> None:
    world = internet()
    world.servers[ONE][REVERSE].pop((POINTER, "PTR"))
    world.cached[REVERSE, "NS"] = [server]
    mends = [each.mend for each in seen(world, KEY) if each.id == "reverse.missing"]
    assert len(mends) == 1
    assert mends[0].endswith(said)
