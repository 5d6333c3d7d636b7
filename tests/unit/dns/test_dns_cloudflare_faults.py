"""A fault at every request of an apply at Cloudflare: a second run ends in the planned state."""

from __future__ import annotations

import httpx
import pytest
from cloudflare_samples import driver_at, serving
from conformance_backends import LocalCloudflare
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
)
from name_servers import ZONE

from cloudflare_server import CloudflareServer, Fault


def prepared(server: CloudflareServer) -> list[object]:
    """Put into the zone what is foreign, and what an earlier run of ours made."""
    backend = LocalCloudflare(server)
    backend.foreign(ZONE, "TXT", "google-site-verification=x", "MS=ms1")
    backend.foreign(f"www.{ZONE}", "A", "198.18.0.80")
    run(Journey(before("one"), "one"), backend.driver())
    return foreign(backend.driver().read(ZONE))


# Requests: the zones, the plan's read, apply's read, the batch; 130 hosts make it two batches.
REQUESTS = [*((0, number) for number in range(1, 5)), *((130, number) for number in range(1, 6))]


@pytest.mark.parametrize(("hosts", "number"), REQUESTS)
@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name)
def test_cloudflare_fails_at_any_request(hosts: int, number: int, fault: Fault) -> None:
    journey = Journey(after("one", hosts), "one")
    with serving(ZONE) as server:
        untouched = prepared(server)
        server.forget()
        server.faults = {number: fault}
        said = failing_run(journey, driver_at(server, timeout=0.15))
        assert said is None or ZONE in said
        assert len(server.log) >= number, "the fault was not reached"
        assert every_record_has_its_claim(driver_at(server).read(ZONE), "one")
        ends_as_planned(journey, driver_at(server), untouched)
    count("cloudflare")


@pytest.mark.parametrize(("hosts", "number"), REQUESTS)
@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
def test_killed_at_any_request_to_cloudflare(
    hosts: int, number: int, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = Journey(after("one", hosts), "one")
    with serving(ZONE) as server:
        untouched = prepared(server)
        with monkeypatch.context() as patch:
            patch.setattr(httpx.Client, "send", killing(httpx.Client.send, number, sent=sent))
            with pytest.raises(Killed):
                run(journey, driver_at(server))
        assert every_record_has_its_claim(driver_at(server).read(ZONE), "one")
        ends_as_planned(journey, driver_at(server), untouched)
    count("cloudflare")
