"""How mail leaves: what the inventory says becomes Postfix's transports, logins and defaults."""

from __future__ import annotations

import json
from typing import Any

from model_samples import good

from postwright.model import Inventory, Mail, derive, load, mail_for_verify

RELAYS = {
    "isp": {
        "profile": "smarthost",
        "host": "smtp.isp.example",
        "spf_include": "spf.isp.example",
        "username": "customer",
        "password": "hunter2:x y",
    },
    "grid": {"profile": "sendgrid", "port": 465, "password": "SG.key"},
}


def inventory(
    domains: dict[str, dict[str, Any]] | None = None, hosts: dict[str, str] | None = None
) -> Inventory:
    """Return the good inventory with relays, further keys of domains and relays of hosts."""
    variables, own = good()
    variables["mail_relays"] = RELAYS
    for name, more in (domains or {}).items():
        variables["mail_domains"].setdefault(name, {"dns": "lab"}).update(more)
    for name, relay in (hosts or {}).items():
        own[name]["mail_relay"] = relay
    return load(variables, own)


def ways(mail: Mail) -> dict[str, str]:
    """Return the transport of each sender that has one of its own."""
    return {sender.address: sender.transport for sender in mail.relay_senders}


def test_without_relays_everything_leaves_directly() -> None:
    mail = derive(load(*good()), "mx1")
    assert (mail.relays, mail.relay_senders) == ([], [])
    assert (mail.default_transport, mail.port_25_needed) == ("smtp", True)


def test_a_domains_relay_is_for_its_senders_alone() -> None:
    mail = derive(inventory({"alpha.test": {"sends_through": "isp"}}), "mx1")
    (relay,) = mail.relays
    assert ways(mail) == {"@alpha.test": "relay-isp:[smtp.isp.example]:587"}
    assert [(line.key, line.login) for line in relay.logins] == [
        ("@alpha.test", "customer:hunter2:x y")
    ]
    assert (mail.default_transport, mail.port_25_needed) == ("smtp", True)


def test_a_hosts_relay_takes_all_that_leaves_bounces_too() -> None:
    mail = derive(inventory(hosts={"mx1": "isp"}), "mx1")
    (relay,) = mail.relays
    assert ways(mail) == {}
    assert mail.default_transport == "relay-isp:[smtp.isp.example]:587"
    assert relay.logins[-1].key == "[smtp.isp.example]:587"
    assert not mail.port_25_needed
    # No session with another domain's host is there to report on.
    assert mail.tls_reporter is None


def test_a_domain_may_leave_otherwise_than_its_host() -> None:
    more = {"alpha.test": {"sends_through": "direct"}, "beta.test": {"sends_through": "grid"}}
    mail = derive(inventory(more, {"mx1": "isp"}), "mx1")
    assert ways(mail) == {
        "@alpha.test": "smtp:",
        "@beta.test": "relay-grid:[smtp.sendgrid.net]:465",
    }
    assert mail.port_25_needed
    assert {relay.name: relay.implicit_tls for relay in mail.relays} == {
        "grid": True,
        "isp": False,
    }


def test_two_domains_of_one_relay_host_keep_their_own_logins() -> None:
    more = {"alpha.test": {"sends_through": "grid"}, "beta.test": {"sends_through": "isp"}}
    mail = derive(inventory(more), "mx1")
    assert {line.key: line.login for relay in mail.relays for line in relay.logins} == {
        "@alpha.test": "apikey:SG.key",
        "@beta.test": "customer:hunter2:x y",
    }


def test_each_of_a_domains_hosts_sends_as_it_does() -> None:
    found = inventory(hosts={"mx1": "isp"})
    domain = found.domains["gamma.test"]
    assert {name: found.relay_of(domain, found.hosts[name]) for name in domain.hosts} == {
        "mx1": "isp",
        "mx2": None,
    }
    assert found.relays_of(domain) == ["isp"]


def test_verify_learns_no_login() -> None:
    more = {"alpha.test": {"sends_through": "isp"}, "beta.test": {"sends_through": "grid"}}
    told = json.dumps(mail_for_verify(inventory(more, {"mx2": "isp"})))
    assert "smtp.isp.example" in told
    assert "hunter2" not in told
    assert "SG.key" not in told


def test_a_domain_received_elsewhere_is_on_no_host() -> None:
    found = inventory({"far.test": {"served_by": "microsoft365", "sends_through": "isp"}})
    assert found.relays_of(found.domains["far.test"]) == ["isp"]
    for host in found.hosts:
        assert "far.test" not in derive(found, host).domains


def test_a_relays_secret_is_not_needed_to_look_at_the_world() -> None:
    from postwright.model.findings import Unrendered

    variables, hosts = good()
    variables["mail_relays"] = {"isp": {**RELAYS["isp"], "password": Unrendered("no vault")}}
    assert load(variables, hosts, needs_secrets=False).relays["isp"].profile == "smarthost"


def test_a_forward_may_lead_to_a_domain_received_elsewhere() -> None:
    more = {
        "far.test": {"served_by": "google_workspace"},
        "alpha.test": {"forwards": {"friend": ["friend@far.test"]}},
    }
    assert inventory(more).domains["alpha.test"].forwards == {"friend": ["friend@far.test"]}
