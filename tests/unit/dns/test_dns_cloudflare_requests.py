"""The Cloudflare driver's requests: how many, how fast, again or not, and with which rights."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cloudflare_samples import TOKEN, driver_at, serving, zone_of
from dns_samples import NOW, OURS, ZONE, task, txt, want

from cloudflare_server import CloudflareServer, Fault, Token, VirtualClock
from postwright.dns import Order, make_plans, probe, publish
from postwright.dns.claims import Kind, Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.drivers.cloudflare import Account, Cloudflare
from postwright.dns.drivers.cloudflare_api import Api
from postwright.dns.drivers.cloudflare_batch import Batch
from postwright.dns.drivers.pace import TokenBucket
from postwright.dns.errors import (
    AmbiguousError,
    CredentialError,
    NotServedError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.plan import Plan
from postwright.dns.planner import make_plan
from postwright.dns.records import Slot


@pytest.fixture
def server() -> Iterator[CloudflareServer]:
    with serving(ZONE) as running:
        yield running


@pytest.fixture
def driver(server: CloudflareServer) -> Cloudflare:
    return driver_at(server)


def planned(driver: Cloudflare, phase: Phase = Phase.ANNOUNCE, **more: object) -> Plan:
    return make_plan("cf", driver.read(ZONE), task(phase=phase, **more))  # type: ignore[arg-type]


def quick(_: float) -> None:
    """Wait for nothing."""


def test_the_longest_zone_above_a_name_is_found_by_one_listing(server: CloudflareServer) -> None:
    for number in range(120):
        server.world.add_zone(f"d{number}.test")
    server.world.add_zone("mail.d7.test")
    driver = driver_at(server)
    assert driver.find_zone("mx1.mail.d7.test") == "mail.d7.test"
    assert driver.find_zone("mail.d8.test") == "d8.test"
    assert driver.find_zone("d119.test") == "d119.test"
    assert driver.find_zone("elsewhere.test") is None
    assert len(server.log) == 3


def test_zones_that_are_not_served_from_here_are_none(server: CloudflareServer) -> None:
    server.world.add_zone("secondary.test", type="secondary")
    server.world.add_zone("moved.test", status="moved")
    server.world.add_zone("twice.test", status="pending")
    active = server.world.add_zone("twice.test")
    server.world.add_zone("twice.test", status="pending")
    driver = driver_at(server)
    assert driver.find_zone("secondary.test") is None
    assert driver.find_zone("moved.test") is None
    server.world.add(active, "A", "twice.test", "198.18.0.1")
    assert driver.read("twice.test").values(Slot("twice.test", "A")) == ("198.18.0.1",)


def test_a_thousand_zones_are_made_within_the_limit(server: CloudflareServer) -> None:
    """20 pages of zones, one read and one batch each, and the server never has to say 429."""
    names = [f"d{number:03}.test" for number in range(999)] + [ZONE]
    for name in names[:-1]:
        server.world.add_zone(name)
    driver = driver_at(server)
    wanted = Desired(tuple(_request(name) for name in names), ())
    order = Order("postwright", Phase.ANNOUNCE, now=NOW)
    made = make_plans({"cf": driver}, wanted, order)
    publish({"cf": driver}, made)
    assert len(server.log) <= 2021
    assert server.clock is not None
    assert server.clock.now() <= 1.2 * 2021 / 4
    server.forget()
    assert not make_plans({"cf": driver_at(server)}, wanted, order).changed
    assert len(server.log) <= 1021


def _request(name: str) -> Request:
    return Request(name, "cf", (), name, (want(Kind.SPF, name, txt(OURS)),))


def test_a_small_run_reads_each_zone_again_before_it_changes_it(server: CloudflareServer) -> None:
    driver = driver_at(server)
    order = Order("postwright", Phase.ANNOUNCE, now=NOW)
    made = make_plans({"cf": driver}, Desired((_request(ZONE),), ()), order)
    server.world.add(zone_of(server, ZONE), "TXT", ZONE, "v=spf1 -all")
    with pytest.raises(StalePlanError):
        publish({"cf": driver}, made)


def test_no_window_of_five_minutes_sees_more_requests_than_allowed() -> None:
    clock = VirtualClock()
    bucket = TokenBucket(3.6, 100, clock)
    moments: list[float] = []
    lock = threading.Lock()

    def send(_: int) -> None:
        bucket.take()
        with lock:
            moments.append(clock.now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(3000)))
    moments.sort()
    most = max(sum(at <= m < at + 300 for m in moments) for at in moments[::50])
    assert most <= 1200
    assert moments[99] == 0
    assert moments[-1] == pytest.approx(2900 / 3.6)


def test_all_wait_where_the_provider_shuts_the_door() -> None:
    clock = VirtualClock()
    bucket = TokenBucket(10, 2, clock)
    bucket.take()
    bucket.shut(60)
    bucket.take()
    assert clock.now() == 60
    bucket.take()
    assert clock.now() == pytest.approx(60.1)


def test_429_is_waited_out_as_long_as_it_asks(server: CloudflareServer, driver: Cloudflare) -> None:
    server.faults = {1: Fault.TOO_MANY, 3: Fault.TOO_MANY}
    plan = planned(driver)
    driver.apply(ZONE, plan.changes)
    assert [path.rpartition("/")[2] for _, path in server.log] == [
        *("zones", "zones", "dns_records", "dns_records", "batch")
    ]
    assert server.clock is not None
    assert 4 <= server.clock.now() < 5


def test_a_batch_that_came_too_soon_is_sent_again(
    server: CloudflareServer, driver: Cloudflare
) -> None:
    plan = planned(driver)
    server.faults = {3: Fault.TOO_MANY}
    driver.apply(ZONE, plan.changes)
    assert not planned(driver).changes


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.NO_JSON, Fault.CUT, Fault.SLOW_AFTER])
def test_a_failed_read_is_tried_again(server: CloudflareServer, fault: Fault) -> None:
    server.faults = {1: fault, 3: fault, 4: fault}
    assert driver_at(server, timeout=0.1).read(ZONE).sets == {}
    assert len(server.log) == 5


def test_a_provider_that_is_down_is_named(server: CloudflareServer) -> None:
    server.faults = dict.fromkeys(range(1, 99), Fault.ERROR)
    with pytest.raises(ProviderError, match=r"dns_providers\.cf: 127\.0\.0\.1 .*500"):
        driver_at(server).read(ZONE)
    assert len(server.log) == 4


@pytest.mark.parametrize(
    "fault", [Fault.ERROR, Fault.ERROR_AFTER, Fault.CUT, Fault.CUT_AFTER, Fault.SLOW_AFTER]
)
def test_a_batch_without_a_usable_answer_is_ambiguous_and_sent_once(
    server: CloudflareServer, fault: Fault
) -> None:
    driver = driver_at(server, timeout=0.1)
    plan = planned(driver)
    server.forget()
    server.faults = {1: fault}
    with pytest.raises(AmbiguousError):
        driver.apply(ZONE, plan.changes)
    assert len(server.log) == 1


def test_what_never_left_this_machine_is_not_ambiguous() -> None:
    clock = VirtualClock()
    account = Account("cf", "http://127.0.0.1:1/client/v4", TOKEN)
    api = Api(account, TokenBucket(1, 10, clock), clock)
    with pytest.raises(ProviderError, match="refused") as caught:
        api.batch(ZONE, "f" * 32, Batch(deletes=["f" * 32]))
    assert not isinstance(caught.value, AmbiguousError)


def test_a_token_without_the_right_is_refused_before_anything(server: CloudflareServer) -> None:
    server.world.tokens["reads-only"] = Token(write=False)
    reader = driver_at(server, "reads-only")
    assert reader.read(ZONE).sets == {}
    with pytest.raises(CredentialError, match=r"dns_providers\.cf\.api_token .*10000.*alpha\.test"):
        probe({"cf": reader}, Desired((_request(ZONE),), ()))
    driver_at(server).probe(ZONE)
    assert not zone_of(server, ZONE).records


def test_a_bad_token_is_named_and_never_shown(server: CloudflareServer) -> None:
    driver = driver_at(server, "cfut-secret")
    with pytest.raises(CredentialError, match=r"dns_providers\.cf\.api_token") as caught:
        driver.find_zone(ZONE)
    assert "cfut-secret" not in str(caught.value) + repr(driver) + repr(vars(driver))


def test_an_answer_that_quotes_the_token_does_not_show_it(
    server: CloudflareServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudflare_server.server._ERROR.message", f"no {TOKEN}")
    server.faults = dict.fromkeys(range(1, 9), Fault.ERROR)
    with pytest.raises(ProviderError, match=r"no \(the token\)") as caught:
        driver_at(server).find_zone(ZONE)
    assert TOKEN not in str(caught.value)


def test_other_credentials_of_the_environment_are_not_sent(
    server: CloudflareServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "EMAIL", "API_USER_SERVICE_KEY", "API_TOKEN"):
        monkeypatch.setenv(f"CLOUDFLARE_{name}", "of-somebody-else")
    assert driver_at(server).find_zone(ZONE) == ZONE


def test_a_zone_the_token_cannot_see_is_not_served(server: CloudflareServer) -> None:
    server.world.tokens["elsewhere"] = Token(zones=frozenset(["beta.test"]))
    driver = driver_at(server, "elsewhere")
    assert driver.find_zone(ZONE) is None
    with pytest.raises(NotServedError, match=r"dns_providers\.cf: .*alpha\.test"):
        driver.read(ZONE)
    with pytest.raises(NotServedError, match="serves no zone"):
        make_plans({"cf": driver}, Desired((_request(ZONE),), ()), Order("o", Phase.ANNOUNCE))
