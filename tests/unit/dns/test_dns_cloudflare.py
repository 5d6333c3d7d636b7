"""The Cloudflare driver and the zone: what it reads, changes, refuses and leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloudflare_samples import driver_at, serving, zone_of
from dns_samples import NOW, OURS, ZONE, task, txt, want

from cloudflare_server import CloudflareServer, Zone
from postwright.dns import Guards, Order, check, make_plans
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.drivers.cloudflare import Cloudflare
from postwright.dns.errors import (
    ConflictError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.plan import Change, Plan
from postwright.dns.planner import make_plan
from postwright.dns.records import Slot

APEX = Slot(ZONE, "TXT")


@pytest.fixture
def server() -> Iterator[CloudflareServer]:
    with serving(ZONE) as running:
        yield running


@pytest.fixture
def zone(server: CloudflareServer) -> Zone:
    return zone_of(server, ZONE)


@pytest.fixture
def driver(server: CloudflareServer) -> Cloudflare:
    return driver_at(server)


def planned(driver: Cloudflare, phase: Phase = Phase.ANNOUNCE, **more: object) -> Plan:
    return make_plan("cf", driver.read(ZONE), task(phase=phase, **more))  # type: ignore[arg-type]


def quick(_: float) -> None:
    """Wait for nothing."""


def test_comments_and_tags_of_others_survive(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    theirs = server.world.add(zone, "TXT", ZONE, "x", ttl=600, comment="theirs", tags=["a:b"])
    driver.apply(ZONE, planned(driver).changes)
    assert zone.records[theirs["id"]] == theirs
    ours = [r for r in zone.records.values() if r["id"] != theirs["id"]]
    assert ours
    assert not any(record["proxied"] for record in ours)
    assert {r["ttl"] for r in ours if (r["name"], r["type"]) == APEX} == {600}


def test_a_proxied_address_stops_the_plan(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    driver.apply(ZONE, planned(driver).changes)
    address = next(record for record in zone.records.values() if record["type"] == "A")
    server.world.batch(zone, {"patches": [{"id": address["id"], "proxied": True}]})
    with pytest.raises(ConflictError, match=r"mx1\.alpha\.test A: it is proxied(.|\n)*DNS only"):
        apply(driver, planned(driver), quick)


def test_what_email_routing_keeps_stops_the_plan(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    meta = {"email_routing": True, "read_only": True}
    server.world.add(zone, "MX", ZONE, "route1.mx.cloudflare.net", priority=9, meta=meta)
    server.world.add(zone, "TXT", ZONE, "v=spf1 include:_spf.mx.cloudflare.net ~all", meta=meta)
    driver.apply(ZONE, planned(driver, wanted=[want(Kind.A, f"mx1.{ZONE}", "198.18.0.1")]).changes)
    conflicts = planned(driver, Phase.CUTOVER, adopt=[ZONE]).conflicts
    assert [(c.slot.type, c.adoptable) for c in conflicts] == [("MX", False)]
    conflicts = planned(driver, adopt=[ZONE]).conflicts
    assert [(c.slot.type, "turn that product off" in c.mend) for c in conflicts] == [("TXT", True)]


def test_a_flattened_cname_at_the_apex_hinders_addresses_only(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    server.world.add(zone, "CNAME", ZONE, "site.test", proxied=True)
    apply(driver, planned(driver), quick)
    apply(driver, planned(driver, Phase.CUTOVER), quick)
    assert {kind for name, kind, _, _ in zone.texts() if name == ZONE} == {"CNAME", "MX", "TXT"}
    refused = planned(driver, wanted=[want(Kind.A, ZONE, "198.18.0.1")])
    assert ["answered as addresses" in c.why for c in refused.conflicts] == [True]


def test_records_that_slip_between_pages_are_not_lost(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    """Between two pages one record goes and another comes, so the count stays the same."""
    names = [f"h{number:02}.{ZONE}" for number in range(25)]
    made = [server.world.add(zone, "A", name, "198.18.0.1") for name in names]
    server.most_records = 10

    def meanwhile(request: object) -> None:
        if made and getattr(request, "query", {}).get("page") == "2":
            del zone.records[made.pop(0)["id"]]
            made.clear()
            server.world.add(zone, "A", f"z.{ZONE}", "198.18.0.2")

    server.before = meanwhile
    seen = driver.read(ZONE)
    assert {slot.name for slot in seen.sets} == {*names[1:], f"z.{ZONE}"}
    assert len(server.log) == 1 + 3 * 3


def test_a_record_of_another_form_is_told(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    del server.world.add(zone, "MX", ZONE, "mx.test", priority=1)["priority"]
    with pytest.raises(ProviderError, match=r"zone alpha\.test is not of the documented form"):
        driver.read(ZONE)


def test_a_zone_that_never_stands_still_is_given_up(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    for number in range(15):
        server.world.add(zone, "A", f"h{number}.{ZONE}", "198.18.0.1")
    server.most_records = 10
    server.before = lambda each: server.world.add(zone, "A", f"n{each.number}.{ZONE}", "198.18.0.1")
    with pytest.raises(ProviderError, match=r"zone alpha\.test change while they are read"):
        driver.read(ZONE)


def test_a_change_after_the_last_read_is_noticed_where_it_meets_ours(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    plan = planned(driver)
    server.world.add(zone, "TXT", ZONE, OURS, ttl=60)
    with pytest.raises(StalePlanError, match="81057"):
        driver.apply(ZONE, plan.changes)
    assert len(zone.records) == 1


def test_a_record_that_is_gone_refuses_the_batch(
    zone: Zone, server: CloudflareServer, driver: Cloudflare
) -> None:
    driver.apply(ZONE, planned(driver).changes)
    plan = planned(driver, wanted=[], phase=Phase.CUTOVER)
    later = make_plan("cf", plan.result(driver.read(ZONE)), task(
        phase=Phase.CUTOVER, wanted=[], now=NOW.replace(year=2027)
    ))  # fmt: skip
    driver.apply(ZONE, plan.changes)
    driver.read(ZONE)
    del zone.records[next(r["id"] for r in zone.records.values() if r["type"] == "A")]
    before = dict(zone.records)
    with pytest.raises(StalePlanError, match="81044"):
        driver.apply(ZONE, later.changes)
    assert zone.records == before


def test_a_refused_record_is_told_with_provider_and_zone(driver: Cloudflare) -> None:
    driver.read(ZONE)
    change = Change(Slot(f"a.{ZONE}", "A"), 45, (), (), ("198.18.0.1",))
    with pytest.raises(ProviderError, match=r"dns_providers\.cf: .*9021.*zone alpha\.test"):
        driver.apply(ZONE, [change])


def test_what_the_provider_cannot_hold_stops_before_the_first_write(
    server: CloudflareServer, driver: Cloudflare
) -> None:
    long = want(Kind.DKIM, f"s._domainkey.{ZONE}", txt("v=DKIM1; p=" + "A" * 4096))
    wanted = Desired((Request(ZONE, "cf", (), ZONE, (long,)),), ())
    made = make_plans({"cf": driver}, wanted, Order("postwright", Phase.ANNOUNCE, now=NOW))
    with pytest.raises(ConflictError, match=r"zone alpha\.test \(cf\): s\._domainkey.*4,096 bytes"):
        check(made, Guards())
    with pytest.raises(ProviderError, match=r"dns_providers\.cf: zone alpha\.test: s\..*4,096"):
        driver.apply(ZONE, next(iter(made.plans.values())).changes)
    assert "POST" not in {method for method, _ in server.log}
