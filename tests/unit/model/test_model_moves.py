"""A domain that moves: both hosts serve it, DNS directs to the new one, and SPF names both."""

from __future__ import annotations

from model_samples import good, spoilt

from postwright.dns.domain_records import domain_records
from postwright.dns.facts import DkimKey, HostFacts
from postwright.model import Inventory, derive
from postwright.model.load import load

MOVING = (
    ("mail_domains/beta.test/hosts", ["mx2"]),
    ("mail_domains/beta.test/moves_from", "mx1"),
)


def moving() -> Inventory:
    """Return the good inventory with beta.test on its way from mx1 to mx2."""
    return load(*spoilt(*MOVING))


def values(inventory: Inventory, served: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Return the domain's records by name and type."""
    keys = [DkimKey(f"{host}-202611r", host, f"v=DKIM1; p={host}") for host in ("mx1", "mx2")]
    facts = {"mx2": HostFacts(served=served)}
    found = domain_records(inventory, inventory.domains["beta.test"], keys, facts)
    return {f"{each.claim.name} {each.claim.slot.type}": [*each.values] for each in found.wants}


def test_each_host_knows_the_other_and_which_way_it_goes() -> None:
    for host, peer, arriving in (("mx1", "mx2", False), ("mx2", "mx1", True)):
        (move,) = derive(moving(), host).moves
        assert (move.domain, move.peer.name, move.arriving) == ("beta.test", peer, arriving)
        assert move.accounts == ["hanako@beta.test"]


def test_both_hosts_take_its_mail_and_its_submissions() -> None:
    for host in ("mx1", "mx2"):
        mail = derive(moving(), host)
        assert "beta.test" in mail.domains
        assert "beta.test" in mail.dkim_domains
        assert "hanako@beta.test" in [each.address for each in mail.mailboxes]


def test_without_a_move_nothing_is_said_of_one() -> None:
    assert derive(load(*good()), "mx1").moves == []


def test_mx_names_the_new_host_while_spf_and_dkim_name_both() -> None:
    found = values(moving())
    assert found["beta.test MX"] == ["10 mx2.gamma.test."]
    assert all(address in found["beta.test TXT"][0] for address in ("198.18.0.11", "198.18.0.12"))
    assert {"mx1-202611r._domainkey.beta.test TXT", "mx2-202611r._domainkey.beta.test TXT"} <= {
        *found
    }


def test_a_policy_names_both_since_both_are_remembered() -> None:
    (policy,) = [each for each in derive(moving(), "mx2").policies if "beta.test" in each.dest]
    assert "mx: mx1.alpha.test" in policy.content
    assert "mx: mx2.gamma.test" in policy.content


def test_a_name_goes_to_the_new_host_once_that_has_a_certificate_for_it() -> None:
    name = "mta-sts.beta.test"
    assert values(moving())[f"{name} A"] == ["198.18.0.11"]
    assert values(moving(), frozenset({name}))[f"{name} A"] == ["198.18.0.12"]
