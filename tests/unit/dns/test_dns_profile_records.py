"""What stands in DNS for a domain that others receive or send for, and how the planner takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from dns_inventory import HASH, KEY, PROVIDERS

from postwright.dns import txt
from postwright.dns.claims import Claim, Kind, Phase, Want
from postwright.dns.desired import Desired, desired
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import RecordSet, Slot, Snapshot
from postwright.model import Inventory, load

ISP = {
    "profile": "smarthost",
    "host": "smtp.isp.example",
    "spf_include": "spf.isp.example",
    "username": "u",
    "password": "p",
}
SES = {"profile": "amazon_ses", "region": "eu-west-1", "username": "u", "password": "p"}
TOKENS = ["a" * 32, "b" * 32, "c" * 32]
ADDRESSES = "ip4:198.18.0.22 ip4:198.18.0.21 ip6:2001:2::21"
BEHIND = "d._domainkey.alpha.test"


def made(
    relays: dict[str, Any] | None = None,
    behind: dict[str, str] | None = None,
    other: dict[str, Any] | None = None,
    **domain: Any,
) -> Inventory:
    """Return the small inventory with relays; `behind` says which host sends through which."""
    spec = {
        "hosts": ["mx2", "mx1"],
        "dns": "lab",
        "accounts": {"taro": {"password_hash": HASH}},
        "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
        **domain,
    }
    hosts: dict[str, dict[str, object]] = {
        "mx1": {
            "mail_hostname": "mx1.alpha.test",
            "mail_ipv4": "198.18.0.21",
            "mail_ipv6": "2001:2::21",
        },
        "mx2": {"mail_hostname": "mx2.gamma.test", "mail_ipv4": "198.18.0.22"},
    }
    for host, relay in (behind or {}).items():
        hosts[host]["mail_relay"] = relay
    variables = {
        "mail_domains": {"alpha.test": spec, **(other or {})},
        "mail_relays": relays or {},
        "dns_providers": {"lab": PROVIDERS["lab"]},
    }
    return load(variables, hosts)


def wanted(found: Desired, domain: str) -> dict[tuple[str, str], list[str]]:
    """Return a domain's records by kind and name; TXT values as text."""
    return {
        (want.claim.kind.value, want.claim.name): [
            txt.decode(value).decode() if want.claim.rule.type == "TXT" else value
            for value in want.values
        ]
        for request in found.requests
        if request.domain == domain
        for want in request.wants
    }


def of(found: Inventory, domain: str = "alpha.test") -> dict[tuple[str, str], list[str]]:
    """Return what an inventory wants for a domain."""
    return wanted(desired(found, {"alpha.test": [KEY]}), domain)


@pytest.mark.parametrize(
    ("relays", "behind", "keys", "record"),
    [
        ({}, {}, {}, f"v=spf1 {ADDRESSES} ~all"),
        # All mail of the domain leaves through the relay: our addresses send none of it.
        ({"isp": ISP}, {}, {"sends_through": "isp"}, "v=spf1 include:spf.isp.example ~all"),
        # One of two hosts is behind a relay.
        ({"isp": ISP}, {"mx1": "isp"}, {}, "v=spf1 ip4:198.18.0.22 include:spf.isp.example ~all"),
        ({"isp": ISP}, {"mx1": "isp"}, {"sends_through": "direct"}, f"v=spf1 {ADDRESSES} ~all"),
        # Receivers ask SES's own domain.
        ({"ses": SES}, {}, {"sends_through": "ses"}, "v=spf1 ~all"),
    ],
    ids=["direct", "relay", "one host behind a relay", "direct all the same", "own envelope"],
)
def test_spf_names_whoever_sends(
    relays: dict[str, Any], behind: dict[str, str], keys: dict[str, Any], record: str
) -> None:
    assert of(made(relays, behind, **keys))["spf", "alpha.test"] == [record]


def test_a_host_behind_a_relay_keeps_the_spf_of_its_own_name() -> None:
    found = desired(made({"isp": ISP}, {"mx1": "isp", "mx2": "isp"}), {})
    own = [want for request in found.requests for want in request.wants
           if want.claim == Claim(Kind.SPF, "mx1.alpha.test")]  # fmt: skip
    assert [txt.decode(want.values[0]) for want in own] == [
        b"v=spf1 ip4:198.18.0.21 ip6:2001:2::21 -all"
    ]


def test_a_domain_that_receives_here_and_sends_through_ses_has_both_ones_records() -> None:
    found = of(
        made(
            {"ses": SES},
            sends_through="ses",
            sends_with={"dkim_tokens": TOKENS, "mail_from": "bounce"},
        )
    )
    assert found["mx", "alpha.test"] == ["10 mx2.gamma.test.", "20 mx1.alpha.test."]
    assert ("dkim", "mx1-202611e._domainkey.alpha.test") in found
    for token in TOKENS:
        target = [f"{token}.dkim.amazonses.com."]
        assert found["dkim-cname", f"{token}._domainkey.alpha.test"] == target
    assert found["mx", "bounce.alpha.test"] == ["10 feedback-smtp.eu-west-1.amazonses.com."]
    assert found["spf", "bounce.alpha.test"] == ["v=spf1 include:amazonses.com ~all"]


def test_a_domain_received_elsewhere_has_nothing_that_leads_to_our_hosts() -> None:
    far = {
        "dns": "lab",
        "served_by": "google_workspace",
        "records": {"caa_apex": True},
        "tls_reports_to": "tls@alpha.test",
    }
    found = of(made(other={"far.test": far}, catch_all="taro"), "far.test")
    assert found == {
        ("mx", "far.test"): ["1 smtp.google.com."],
        ("spf", "far.test"): ["v=spf1 include:_spf.google.com ~all"],
        ("dmarc", "_dmarc.far.test"): ["v=DMARC1; p=reject; sp=reject; np=reject"],
        ("tls-rpt", "_smtp._tls.far.test"): ["v=TLSRPTv1; rua=mailto:tls@alpha.test"],
    }


def test_a_subdomain_lives_here_while_its_parent_is_received_elsewhere() -> None:
    found = made(other={"test.example": {"dns": "lab", "served_by": "microsoft365"}})
    assert of(found, "test.example")["mx", "test.example"] == [
        "0 test-example.mail.protection.outlook.com."
    ]
    assert of(found)["mx", "alpha.test"][0] == "10 mx2.gamma.test."


def test_who_receives_elsewhere_may_send_through_a_relay_too() -> None:
    far = {"dns": "lab", "served_by": "google_workspace", "sends_through": "isp"}
    found = of(made({"isp": ISP}, other={"far.test": far}), "far.test")
    assert found["spf", "far.test"] == [
        "v=spf1 include:_spf.google.com include:spf.isp.example ~all"
    ]


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("mx", ("mx", "far.test")),
        ("dkim", ("dkim-cname", "selector1._domainkey.far.test")),
        ("autoconfig", ("autodiscover", "autodiscover.far.test")),
        ("verification", ("verification", "far.test")),
    ],
)
def test_each_switch_turns_the_profiles_record_off(switch: str, gone: tuple[str, str]) -> None:
    tail = "-far-test._domainkey.far.onmicrosoft.com"
    given = {
        "selector1": f"selector1{tail}",
        "selector2": f"selector2{tail}",
        "verification": "MS=ms1",
    }
    far: dict[str, Any] = {"dns": "lab", "served_by": "microsoft365", "served_with": given}
    assert gone in of(made(other={"far.test": far}), "far.test")
    far["records"] = {switch: False}
    assert gone not in of(made(other={"far.test": far}), "far.test")


CNAME = Want(Claim(Kind.DKIM_CNAME, BEHIND), ("d.dkim.amazonses.com.",))
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def planned(sets: dict[Slot, RecordSet], *wants: Want, phase: Phase = Phase.ANNOUNCE) -> Any:
    """Return the plan for a zone that holds these sets."""
    return make_plan("lab", Snapshot("alpha.test", sets), Task(wants, "postwright", phase, NOW))


def test_a_cname_of_ours_comes_stays_and_follows_its_target() -> None:
    snapshot = Snapshot("alpha.test", {})
    first = make_plan("lab", snapshot, Task([CNAME], "postwright", Phase.ANNOUNCE, NOW))
    assert first.conflicts == ()
    after = first.result(snapshot)
    assert after.values(CNAME.claim.slot) == CNAME.values
    again = make_plan("lab", after, Task([CNAME], "postwright", Phase.ANNOUNCE, NOW))
    assert again.changes == ()
    other = Want(CNAME.claim, ("e.dkim.amazonses.com.",))
    moved = make_plan("lab", after, Task([other], "postwright", Phase.ANNOUNCE, NOW))
    assert moved.result(after).values(CNAME.claim.slot) == other.values


def test_a_cname_of_others_in_our_place_is_shown_and_can_be_adopted() -> None:
    there = {Slot(BEHIND, "CNAME"): RecordSet(300, ("d.other.example.",))}
    (conflict,) = planned(there, CNAME).conflicts
    assert conflict.adoptable
    assert conflict.values == ("d.other.example.",)


def test_a_cname_does_not_join_what_stands_at_its_name() -> None:
    there = {Slot(BEHIND, "TXT"): RecordSet(300, ('"v=DKIM1; p=AAAA"',))}
    (conflict,) = planned(there, CNAME).conflicts
    assert not conflict.adoptable
    assert conflict.slot == Slot(BEHIND, "TXT")
    assert "stands alone" in conflict.why


def test_verification_owns_its_own_value_in_a_set_of_others() -> None:
    others = ('"google-site-verification=x"', '"MS=E5A68B9AB2"')
    there = {Slot("alpha.test", "TXT"): RecordSet(300, others)}
    want = Want(Claim(Kind.VERIFICATION, "alpha.test"), ('"MS=ms1"',))
    plan = planned(there, want)
    assert plan.conflicts == ()
    after = plan.result(Snapshot("alpha.test", there))
    assert set(after.values(want.claim.slot)) == {*others, '"MS=ms1"'}
