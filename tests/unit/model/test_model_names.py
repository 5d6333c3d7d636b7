"""A host answers to further names, and at further addresses, though nothing leads there."""

from __future__ import annotations

from typing import Any

from model_samples import spoilt

from postwright.dns import desired
from postwright.dns.facts import HostFacts
from postwright.model import Inventory, Mail, derive, load

OLD, NEW = "mx1.alpha.test", "post.beta.test"
SIX, OTHER_SIX = "2001:2::11", "2001:2::31"
BESIDE = (("mail_hosts/mx1/mail_other_names", [NEW]),)
RENAMED = (("mail_hosts/mx1/mail_hostname", NEW), ("mail_hosts/mx1/mail_other_names", [OLD]))
COMING = (("mail_hosts/mx1/mail_other_addresses", ["198.18.0.31", OTHER_SIX]),)
MOVED = (
    ("mail_hosts/mx1/mail_ipv4", "198.18.0.31"),
    ("mail_hosts/mx1/mail_ipv6", OTHER_SIX),
    ("mail_hosts/mx1/mail_other_addresses", ["198.18.0.11", SIX]),
)


def inventory(*edits: tuple[str, Any]) -> Inventory:
    return load(*spoilt(*edits))


def mail(*edits: tuple[str, Any]) -> Mail:
    return derive(inventory(*edits), "mx1")


def records(*edits: tuple[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return what is wanted in DNS, by name and type."""
    known = {"mx1": HostFacts(tls_keys=("aa" * 32,), issuer="ca.test", account="https://ca/1")}
    wanted = desired(inventory(*edits), {}, known)
    wants = [want for request in wanted.requests for want in request.wants]
    found = {f"{each.claim.name} {each.claim.kind}": each.values for each in wants}
    assert len(found) == len(wants)
    return found


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def test_all_that_stands_at_a_hosts_name_stands_at_its_other_names() -> None:
    found = records(*BESIDE)
    for kind, place in (("a", ""), ("aaaa", ""), ("spf", ""), ("caa", ""), ("tlsa", "_25._tcp.")):
        assert found[f"{place}{NEW} {kind}"] == found[f"{place}{OLD} {kind}"]


def test_but_nothing_leads_there() -> None:
    before, after = records(), records(*BESIDE)
    assert {key for key in differing(before, after) if NEW not in key.split()[0]} == set()


def test_each_name_stands_in_its_own_zone_and_is_certified() -> None:
    known = {"mx1": HostFacts(issuer="ca.test")}
    wanted = desired(inventory(*BESIDE), {}, known)
    assert {OLD, NEW} <= {request.base for request in wanted.requests}
    assert {OLD, NEW} <= {order.name for order in wanted.orders}


def test_exchanged_names_change_what_leads_to_the_host_and_nothing_at_the_names() -> None:
    changed = differing(records(*BESIDE), records(*RENAMED))
    assert {key.split()[1] for key in changed} == {"mx", "srv", "ptr"}
    assert records(*RENAMED)["beta.test mx"] == (f"10 {NEW}.",)


def test_policies_name_every_name_and_stay_as_they_are_when_names_are_exchanged() -> None:
    beside, renamed = mail(*BESIDE).policies, mail(*RENAMED).policies
    assert beside == renamed
    (policy,) = [each.content for each in beside if "beta.test" in each.dest]
    assert [line for line in policy.splitlines() if line.startswith("mx")] == [
        f"mx: {OLD}",
        f"mx: {NEW}",
    ]


def test_exchanged_addresses_change_nothing_in_dns() -> None:
    assert differing(records(*COMING), records(*MOVED)) == set()


def test_a_coming_address_is_in_spf_behind_the_name_and_has_a_name() -> None:
    found = records(*COMING)
    assert found[f"{OLD} a"] == ("198.18.0.11", "198.18.0.31")
    assert found[f"{OLD} aaaa"] == (SIX, OTHER_SIX)
    assert found["31.0.18.198.in-addr.arpa ptr"] == (f"{OLD}.",)
    assert "ip4:198.18.0.31" in found["alpha.test spf"][0]
    assert f"ip6:{OTHER_SIX}" in found["alpha.test spf"][0]


def test_the_certificate_names_all_and_a_renamed_host_keeps_its_key() -> None:
    bits = ("mail_hosts/mx1/mail_rsa_key_bits", 2048)
    held = [each for each in mail(*RENAMED, bits).certificates if "postfix" in each.units]
    assert [(each.name, each.names, each.formerly) for each in held] == [
        (NEW, [NEW, OLD], [OLD]),
        (f"{NEW}.rsa2048", [NEW, OLD], [f"{OLD}.rsa2048"]),
    ]


def test_the_hosts_postmaster_is_reached_at_each_name() -> None:
    found = mail(*RENAMED)
    assert found.alias_domains == [NEW, OLD]
    assert {f"postmaster@{NEW}", f"postmaster@{OLD}"} <= {each.address for each in found.aliases}


def test_all_hosts_know_each_others_addresses() -> None:
    assert derive(inventory(*COMING), "mx2").host_addresses == [
        "198.18.0.11", "198.18.0.31", SIX, OTHER_SIX, "198.18.0.12",
    ]  # fmt: skip
    assert mail(*MOVED).host.ipv4 == "198.18.0.31"
    assert mail(*MOVED).host.addresses == mail(*COMING).host.addresses
