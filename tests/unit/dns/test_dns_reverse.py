"""Names of addresses at a hoster: Hetzner's SDK at a local server that keeps Hetzner's rules."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from dns_inventory import inventory
from dns_samples import NOW, Memory, zone
from hetzner_server import READ_ONLY, TOKEN, HetznerServer
from powerdns import powerdns

from postwright.dns import Authorities, Guards, Order, Planned, check, make_plans, probe, publish
from postwright.dns.answers import Authority
from postwright.dns.claims import Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.drivers import Driver, drivers
from postwright.dns.drivers.hetzner_cloud import Account, HetznerCloud
from postwright.dns.drivers.reverse import Reverse, address_of
from postwright.dns.errors import (
    AmbiguousError,
    ConflictError,
    CredentialError,
    NotAnsweredError,
    NotServedError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.host_records import pointers
from postwright.dns.plan import Change
from postwright.dns.records import Slot, Snapshot
from postwright.model import HetznerCloudSpec, Host

HOST = Host(
    name="mx1", hostname="mx1.alpha.test", ipv4="198.18.0.21", ipv6="2001:2::21", records={}
)
FOUR, SIX = (ip_address(text) for text in ("198.18.0.21", "2001:2::21"))
REVERSE4, REVERSE6 = FOUR.reverse_pointer, SIX.reverse_pointer
HOSTERS = "0.18.198.in-addr.arpa"
GENERIC = "static.21.0.18.198.clients.your-server.de"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HetznerServer]:
    # The SDK waits by itself: between looks at an action, and when it came too soon.
    monkeypatch.setattr("hcloud._client.time.sleep", lambda _: None)
    with HetznerServer() as running:
        running.add("198.18.0.21")
        running.add("2001:2::/64")
        yield running


def driver(server: HetznerServer, token: str = TOKEN) -> Reverse:
    wanted = {want.claim.name: want.values for want in pointers(HOST)}
    return Reverse(HetznerCloud(Account("hz", server.url, token, 5, 0)), "postwright", wanted)


def planned(server: HetznerServer, *adopt: str, others: dict[str, Driver] | None = None) -> Planned:
    requests = tuple(Request(w.claim.name, None, (), None, (w,)) for w in pointers(HOST))
    made = {"hz": driver(server), **(others or {})}
    order = Order("postwright", Phase.ANNOUNCE, frozenset(adopt), now=NOW)
    return make_plans(made, Desired(requests, ()), order)


def named(server: HetznerServer) -> dict[str, str]:
    return {ip: n for r in server.resources["primary_ips"].values() for ip, n in r.names.items()}


def test_the_hosters_own_names_give_way_to_the_hosts(server: HetznerServer) -> None:
    made = planned(server)
    check(made, Guards())
    assert {(c.slot, c.remove, c.add) for plan in made.plans.values() for c in plan.changes} == {
        (Slot(REVERSE4, "PTR"), (f"{GENERIC}.",), ("mx1.alpha.test.",)),
        (Slot(REVERSE6, "PTR"), (), ("mx1.alpha.test.",)),
    }
    publish({"hz": driver(server)}, made)
    assert named(server) == {"198.18.0.21": "mx1.alpha.test", "2001:2::21": "mx1.alpha.test"}
    assert not planned(server).changed


def test_a_name_that_somebody_chose_stays_until_it_is_adopted(server: HetznerServer) -> None:
    server.resources["primary_ips"][1].name("198.18.0.21", "www.else.test")
    with pytest.raises(ConflictError, match=r"PTR: it is not ours(.|\n)*value www\.else\.test\."):
        check(planned(server), Guards())
    assert named(server)["198.18.0.21"] == "www.else.test"
    made = planned(server, REVERSE4)
    check(made, Guards())
    publish({"hz": driver(server)}, made)
    assert named(server)["198.18.0.21"] == "mx1.alpha.test"
    assert not planned(server).changed


def test_other_addresses_of_the_same_network_keep_their_names(server: HetznerServer) -> None:
    server.resources["primary_ips"][2].name("2001:2::80", "www.else.test")
    publish({"hz": driver(server)}, planned(server))
    assert named(server)["2001:2::80"] == "www.else.test"


def test_floating_addresses_and_further_pages_are_found(server: HetznerServer) -> None:
    for number in range(120):
        server.add(f"198.18.1.{number}")
    server.add("198.18.2.7", "floating_ips")
    found = driver(server)
    for address in ("198.18.1.119", "198.18.2.7"):
        name = ip_address(address).reverse_pointer
        assert found.find_zone(name) == name
        found.apply(name, [renamed(found.read(name), "x.test.")])
    assert server.resources["floating_ips"][123].names == {"198.18.2.7": "x.test"}
    assert named(server)["198.18.1.119"] == "x.test"


def renamed(seen: Snapshot, *values: str) -> Change:
    slot = Slot(seen.zone, "PTR")
    return Change(slot, 60, seen.values(slot), seen.values(slot), values)


def test_what_the_project_has_not_is_left_to_others(server: HetznerServer) -> None:
    found = driver(server)
    for name in (ip_address("198.18.0.22").reverse_pointer, "alpha.test", HOSTERS):
        assert found.find_zone(name) is None
    with pytest.raises(NotServedError, match=r"no address 198\.18\.0\.22"):
        found.read(ip_address("198.18.0.22").reverse_pointer)
    with pytest.raises(NotServedError, match="no zones are served there"):
        found.read("alpha.test")


def test_a_provider_that_serves_the_reverse_zone_goes_before(server: HetznerServer) -> None:
    other = Memory(Snapshot(HOSTERS), zone(), name="own")
    made = planned(server, others={"own": other})
    assert {(it.provider, it.zone) for it in made.plans} == {
        ("own", HOSTERS), ("hz", REVERSE6),
    }  # fmt: skip


def test_a_change_is_over_only_when_its_action_is(server: HetznerServer) -> None:
    server.polls = 4
    driver(server).apply(REVERSE4, [renamed(driver(server).read(REVERSE4), "mx1.alpha.test.")])
    assert server.log.count(("GET", "/v1/actions/1")) == 4
    assert named(server)["198.18.0.21"] == "mx1.alpha.test"


def test_an_action_that_fails_is_told_with_its_reason(server: HetznerServer) -> None:
    server.fail = "the name server is away"
    change = renamed(driver(server).read(REVERSE4), "mx1.alpha.test.")
    with pytest.raises(ProviderError, match=r"dns_providers\.hz: .*the name server is away"):
        driver(server).apply(REVERSE4, [change])
    assert named(server)["198.18.0.21"] == GENERIC


def test_a_name_that_changed_meanwhile_is_left_alone(server: HetznerServer) -> None:
    change = renamed(driver(server).read(REVERSE4), "mx1.alpha.test.")
    server.resources["primary_ips"][1].name("198.18.0.21", "www.else.test")
    with pytest.raises(StalePlanError, match=r"dns_providers\.hz"):
        driver(server).apply(REVERSE4, [change])
    assert named(server)["198.18.0.21"] == "www.else.test"


def test_a_name_is_given_back(server: HetznerServer) -> None:
    publish({"hz": driver(server)}, planned(server))
    for name in (REVERSE4, REVERSE6):
        driver(server).apply(name, [renamed(driver(server).read(name))])
    assert named(server) == {"198.18.0.21": GENERIC}


def test_an_address_takes_one_name(server: HetznerServer) -> None:
    two = renamed(driver(server).read(REVERSE4), "a.test.", "b.test.")
    with pytest.raises(ProviderError, match="an address has one name there"):
        driver(server).apply(REVERSE4, [two])


def test_a_name_that_hetzner_refuses_is_told(server: HetznerServer) -> None:
    change = renamed(driver(server).read(REVERSE4), "under_score.alpha.test.")
    with pytest.raises(ProviderError, match=r"invalid_input: invalid input in field 'dns_ptr'"):
        driver(server).apply(REVERSE4, [change])


@pytest.mark.parametrize("token", ["wrong-token", READ_ONLY])
def test_a_token_that_does_not_do_is_named_and_not_shown(server: HetznerServer, token: str) -> None:
    found = driver(server, token)
    with pytest.raises(
        CredentialError, match=r"dns_providers\.hz\.api_token was refused"
    ) as caught:
        found.apply(REVERSE4, [renamed(found.read(REVERSE4), "mx1.alpha.test.")])
    assert token not in str(caught.value)
    assert "Read & Write" in caught.value.mend


def test_too_many_requests_wait_and_then_are_told(server: HetznerServer) -> None:
    server.remaining = 0
    assert driver(server).find_zone(REVERSE4) == REVERSE4
    server.remaining, server.refill = 0, False
    with pytest.raises(ProviderError, match="rate_limit_exceeded"):
        driver(server).find_zone(REVERSE4)


def test_a_lost_answer_is_ambiguous_only_where_something_was_sent(server: HetznerServer) -> None:
    found = driver(server)
    change = renamed(found.read(REVERSE4), "mx1.alpha.test.")
    server.polls = 10**6
    with pytest.raises(AmbiguousError, match="ActionTimeoutException"):
        found.apply(REVERSE4, [change])
    nobody = HetznerCloud(Account("hz", "http://127.0.0.1:1/v1", TOKEN, 5, 0))
    with pytest.raises(ProviderError, match=r"no usable answer of Hetzner Cloud") as caught:
        nobody.read(FOUR)
    assert not isinstance(caught.value, AmbiguousError)


def test_probe_reads_the_names(server: HetznerServer) -> None:
    requests = tuple(Request(w.claim.name, None, (), None, (w,)) for w in pointers(HOST))
    placed = probe({"hz": driver(server)}, Desired(requests, ()))
    assert {it.zone for it in placed.wants} == {REVERSE4, REVERSE6}
    assert not placed.unplaced


def test_the_servers_of_a_name_are_those_of_the_hosters_zone(tmp_path: Path) -> None:
    """Proven at a real server: a negative answer says which zone it is of."""
    with powerdns(tmp_path / "server") as found:
        found.make_zone(HOSTERS)
        found.put(f"ns1.{HOSTERS}", "A", 60, ["198.18.0.53"], HOSTERS)
        authorities = Authorities(["127.0.0.1"])
        authorities._resolver.port = found.dns
        assert authorities.of(REVERSE4) == [Authority(REVERSE4, f"ns1.{HOSTERS}", "198.18.0.53")]
        for name in (REVERSE6, "absent.zone.test"):
            with pytest.raises(NotAnsweredError, match=name):
                authorities.of(name)


@pytest.mark.parametrize(
    ("name", "address"),
    [(REVERSE4, FOUR), (REVERSE6, SIX), (HOSTERS, None), ("a.test", None)],
)
def test_only_whole_reverse_names_are_addresses(name: str, address: object) -> None:
    assert address_of(name) == address


def test_hosters_are_asked_though_no_domain_names_them() -> None:
    spec = HetznerCloudSpec.model_validate({"driver": "hetzner_cloud", "api_token": TOKEN})
    found = inventory()
    made = drivers(found.model_copy(update={"providers": {**found.providers, "hz": spec}}))
    assert list(made) == ["lab", "hz"]
    assert made["hz"].capabilities.last_resort
    assert isinstance(made["hz"], Reverse)
    assert made["hz"]._wanted[REVERSE4] == ("mx1.alpha.test.",)
