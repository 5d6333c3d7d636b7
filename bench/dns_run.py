"""One contender at one provider, in a process of its own, server included; prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudflare_samples import TOKEN, driver_at, serving
from name_servers import knot

from bench import dns_zones as zones
from postwright.dns import Guards, Order, Phase, check, make_plans, publish
from postwright.dns.drivers import Driver, Rfc2136, Server

Contest = Callable[[], None]


@dataclass
class Round:
    """What one pass took: seconds of the machine, requests, and seconds that the limit allows."""

    seconds: float
    requests: int = 0
    virtual: float = 0.0


@contextmanager
def at_cloudflare(who: str, names: list[str]) -> Iterator[Callable[[], Round]]:
    """Yield what runs a contender at the local Cloudflare server, in virtual time."""
    with serving(*names) as server:
        clock = server.clock
        assert clock is not None

        def wait(seconds: float) -> None:
            clock.wait_until(clock.now() + seconds)

        target = {
            "class": "octodns_cloudflare.CloudflareProvider",
            "token": TOKEN, "api_url": server.url, "pagerules": False, "retry_count": 1000,
        }  # fmt: skip

        def one() -> Round:
            server.forget()
            began = clock.now()
            seconds = _timed(_contest(who, names, lambda: driver_at(server), target, wait))
            return Round(seconds, len(server.log), clock.now() - began)

        yield one


@contextmanager
def at_knot(who: str, names: list[str]) -> Iterator[Callable[[], Round]]:
    """Yield what runs a contender at a Knot."""
    with tempfile.TemporaryDirectory() as folder, knot(Path(folder) / "knot", names) as server:
        target = _bind_target(server)
        yield lambda: Round(_timed(_contest(who, names, lambda: Rfc2136(server), target, None)))


def _bind_target(server: Server) -> dict[str, Any]:
    return {
        "class": "octodns_bind.Rfc2136Provider", "host": server.host, "port": server.port,
        "key_name": server.key_name, "key_secret": server.secret,
        "key_algorithm": server.key_algorithm,
    }  # fmt: skip


def _contest(
    who: str, names: list[str], driver: Callable[[], Driver], target: dict[str, Any], wait: Any
) -> Contest:
    if who == "octodns":
        from bench.dns_octodns import sync

        return lambda: sync(names, target, wait)
    wanted = zones.desired(names)

    def run() -> None:
        drivers = {zones.PROVIDER: driver()}
        planned = make_plans(drivers, wanted, Order("postwright", Phase.ANNOUNCE))
        check(planned, Guards())
        publish(drivers, planned)

    return run


def _timed(work: Contest) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def main(provider: str, who: str, count: int) -> None:
    """Run a contender twice: all is made, then nothing is to be done."""
    place = {"cloudflare": at_cloudflare, "knot": at_knot}[provider]
    with place(who, zones.names(count)) as one:
        rounds = [vars(one()), vars(one())]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"made": rounds[0], "again": rounds[1], "mebibytes": memory}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
