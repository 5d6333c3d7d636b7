"""What an inventory wants, record by record."""

from __future__ import annotations

import pytest
from dns_inventory import KEY, PROVIDERS, SECRET, inventory

from postwright.dns import desired, drivers
from postwright.dns.claims import Claim, Kind
from postwright.dns.txt import decode
from postwright.model import Inventory


def values(found: Inventory, kind: Kind, name: str) -> list[str]:
    wanted = desired(found, {"alpha.test": [KEY]})
    every = [want for request in wanted.requests for want in request.wants]
    listed = next(want.values for want in every if want.claim == Claim(kind, name))
    return [decode(v).decode() for v in listed] if kind.value in {"spf", "dkim", "dmarc"} else [
        *listed
    ]  # fmt: skip


def test_mx_follows_the_order_of_preference() -> None:
    seen = values(inventory(), Kind.MX, "alpha.test")
    assert seen == ["10 mx2.gamma.test.", "20 mx1.alpha.test."]


def test_a_backup_mx_comes_after_the_hosts_and_does_not_send() -> None:
    found = inventory(hosts=["mx2"], backup_mx=["mx1"])
    assert values(found, Kind.MX, "alpha.test") == ["10 mx2.gamma.test.", "20 mx1.alpha.test."]
    assert values(found, Kind.SPF, "alpha.test") == ["v=spf1 ip4:198.18.0.22 ~all"]
    # Mail programs are led to no mailboxes that are not there.
    seen = values(found, Kind.SRV, "_imaps._tcp.alpha.test")
    assert seen == ["10 1 993 mx2.gamma.test."]


def test_spf_names_every_address_of_every_host() -> None:
    seen = values(inventory(), Kind.SPF, "alpha.test")
    assert seen == ["v=spf1 ip4:198.18.0.22 ip4:198.18.0.21 ip6:2001:2::21 ~all"]
    seen = values(inventory(), Kind.SPF, "mx1.alpha.test")
    assert seen == ["v=spf1 ip4:198.18.0.21 ip6:2001:2::21 -all"]


def test_each_address_has_its_pointer() -> None:
    assert values(inventory(), Kind.PTR, "21.0.18.198.in-addr.arpa") == ["mx1.alpha.test."]
    name = "1.2" + ".0" * 22 + ".2.0.0.0.1.0.0.2.ip6.arpa"
    assert values(inventory(), Kind.PTR, name) == ["mx1.alpha.test."]


@pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
def test_dmarc_states_every_policy_and_no_obsolete_tag(policy: str) -> None:
    seen = values(inventory(dmarc={"policy": policy}), Kind.DMARC, "_dmarc.alpha.test")
    assert seen == [f"v=DMARC1; p={policy}; sp={policy}; np={policy}"]


def test_dmarc_reports_go_where_the_inventory_says() -> None:
    dmarc = {"policy": "reject", "reports_to": "d!x@beta.test"}
    seen = values(inventory(dmarc=dmarc), Kind.DMARC, "_dmarc.alpha.test")
    assert seen[0].endswith("; rua=mailto:d%21x@beta.test")


def test_keys_stand_under_their_selector_and_missing_ones_are_told() -> None:
    assert values(inventory(), Kind.DKIM, "mx1-202611e._domainkey.alpha.test") == [KEY.txt]
    wanted = desired(inventory(), {"alpha.test": [KEY]})
    assert wanted.unknown == (("alpha.test", "mx2"),)
    assert wanted.held(Claim(Kind.DKIM, "mx2-202611r._domainkey.alpha.test"))
    assert not wanted.held(Claim(Kind.DKIM, "mx2-202611r._domainkey.beta.test"))
    assert not wanted.held(Claim(Kind.MX, "alpha.test"))


def test_a_hosts_records_go_to_whichever_provider_serves_them() -> None:
    found = {r.base: r for r in desired(inventory(), {}).requests}
    assert found["alpha.test"].provider == "lab"
    assert found["mx2.gamma.test"].provider is None
    assert found["mx2.gamma.test"].preferred == ("lab",)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_provider_gets_its_driver_and_no_secret_is_printed(provider: str) -> None:
    made = drivers(inventory(dns=provider))[provider]
    assert made.name == provider
    assert SECRET not in repr(made) + repr(vars(made))
