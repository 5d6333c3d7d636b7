"""octoDNS's package for PowerDNS at a real PowerDNS: faults at every request, and a lost zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import octodns_powerdns
import pytest
import requests
from conformance_backends import LocalPowerDns, powerdns_server
from fault_steps import (
    Journey,
    Killed,
    after,
    before,
    count,
    ends_as_planned,
    every_record_has_its_claim,
    failing_run,
    foreign,
    killing,
    run,
    settle,
)
from name_servers import ZONE

from postwright.dns.errors import CredentialError, NotServedError, ProviderError
from postwright.dns.plan import Change
from postwright.dns.records import Slot

PROVIDER = octodns_powerdns.PowerDnsBaseProvider
# The plan's read, apply's read, and then a read and a change for each step: claims that come,
# records, claims that go.
REQUESTS = [("GET", 1), ("GET", 2), ("GET", 3), *(("PATCH", number) for number in (1, 2, 3))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPowerDns]:
    with powerdns_server(tmp_path_factory.mktemp("powerdns") / "server") as running:
        running.foreign(ZONE, "TXT", '"google-site-verification=x"', '"MS=ms1"')
        running.foreign(f"www.{ZONE}", "A", "198.18.0.80")
        yield running


def only(method: str, step: Callable[..., Any], faulty: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step of which only one method is faulty."""

    def chosen(self: Any, name: str, *more: Any, **others: Any) -> Any:
        return (faulty if name == method else step)(self, name, *more, **others)

    return chosen


@pytest.mark.parametrize(("method", "number"), REQUESTS)
@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", [Killed, requests.ReadTimeout, requests.ConnectionError])
def test_powerdns_is_lost_at_any_request(
    server: LocalPowerDns,
    fault: type[BaseException],
    sent: bool,
    method: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = f"{fault.__name__}{method}{number}{sent}".lower()
    settle(Journey(before(owner), owner), server.driver())
    journey, untouched = Journey(after(owner, 1), owner), foreign(server.driver().read(ZONE))
    faulty = killing(PROVIDER._request, number, sent=sent, fault=fault)
    with monkeypatch.context() as patch:
        patch.setattr(PROVIDER, "_request", only(method, PROVIDER._request, faulty))
        if fault is Killed:
            with pytest.raises(Killed):
                run(journey, server.driver())
        else:
            said = failing_run(journey, server.driver())
            assert said is None or ZONE in said
    assert every_record_has_its_claim(server.driver().read(ZONE), owner)
    settle(journey, server.driver())
    ends_as_planned(journey, server.driver(), untouched)
    count("powerdns")


@pytest.mark.parametrize("lost", ["before", "while"])
def test_a_zone_that_is_deleted_meanwhile_is_not_made_again(
    server: LocalPowerDns, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """octodns-powerdns makes a zone that it does not find when it changes it."""
    server.server.make_zone("lost.test")
    driver = server.driver()
    driver.read("lost.test")

    def delete(self: Any, path: str, data: Any = None) -> Any:
        server.server.call("DELETE", "zones/lost.test.")
        return PROVIDER._request(self, "PATCH", path, data=data)

    if lost == "before":
        server.server.call("DELETE", "zones/lost.test.")
    else:
        monkeypatch.setattr(PROVIDER, "_patch", delete)
    with pytest.raises(NotServedError, match="never makes one"):
        driver.apply("lost.test", [Change(Slot("a.lost.test", "A"), 60, (), (), ("198.18.0.1",))])
    assert [each["name"] for each in server.server.call("GET", "zones")] == [f"{ZONE}."]


def test_only_touched_sets_are_sent_and_no_soa_or_ns(
    server: LocalPowerDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    request = PROVIDER._request

    def spied(self: Any, method: str, path: str, data: Any = None) -> Any:
        sent.extend(f"{each['name']} {each['type']}" for each in (data or {}).get("rrsets", ()))
        return request(self, method, path, data=data)

    servers = server.answers(ZONE, "NS")
    monkeypatch.setattr(PROVIDER, "_request", spied)
    run(Journey(before("sent"), "sent"), server.driver())
    # Other tests share the zone: in which part of the manifest there is room depends on them.
    assert {re.sub(r"^_postwright(-\d+)?\.", "_postwright.", each) for each in sent} == {
        f"_postwright.{ZONE}. TXT", f"_dmarc.sent.{ZONE}. TXT", f"gone.sent.{ZONE}. MX",
        f"sent.{ZONE}. MX",
    }  # fmt: skip
    assert server.answers(ZONE, "NS") == servers


def test_a_wrong_key_is_refused_without_being_shown(server: LocalPowerDns) -> None:
    driver = server.driver(api_key="not-the-key")
    for act in (driver.read, driver.find_zone):
        with pytest.raises(CredentialError, match=r"dns_providers\.powerdns: ") as caught:
            act(ZONE)
        assert "not-the-key" not in str(caught.value)


def test_a_server_that_is_not_there_is_told(server: LocalPowerDns) -> None:
    with pytest.raises(ProviderError, match=r"dns_providers\.powerdns.*reading zone zone\.test"):
        server.driver(port=1).read(ZONE)
