"""A fault at every connection of an apply at a name server: a second run ends as planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conformance_backends import BACKENDS, NameServer
from fault_steps import (
    Journey,
    Killed,
    after,
    before,
    count,
    ends_as_planned,
    failing_run,
    foreign,
    killing,
    run,
    settle,
)
from faulty_proxy import FaultyProxy, Loss
from name_servers import ZONE

from postwright.dns.drivers.wire import Wire


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], NameServer]]:
    """Yield what starts a name server when it is first asked for."""
    running: dict[str, NameServer] = {}
    with ExitStack() as stack:

        def start(name: str) -> NameServer:
            if name not in running:
                folder = tmp_path_factory.mktemp(f"{name}-faults") / "server"
                server = stack.enter_context(BACKENDS[name](folder))
                assert isinstance(server, NameServer)
                server.foreign(ZONE, "TXT", '"google-site-verification=x"', '"MS=ms1"')
                server.foreign(f"www.{ZONE}", "A", "198.18.0.80")
                running[name] = server
            return running[name]

        yield start


# Three connections: the plan's transfer, apply's transfer, the update.
CONNECTIONS = [1, 2, 3]


@pytest.mark.parametrize("number", CONNECTIONS)
@pytest.mark.parametrize("loss", list(Loss), ids=lambda loss: loss.name)
@pytest.mark.parametrize("provider", ["knot", "bind"])
def test_a_name_server_is_lost_at_any_connection(
    provider: str, loss: Loss, number: int, started: Callable[[str], NameServer]
) -> None:
    server, owner = started(provider), f"{loss.name.lower().replace('_', '-')}{number}"
    settle(Journey(before(owner), owner), server.driver())
    journey, untouched = Journey(after(owner), owner), foreign(server.driver().read(ZONE))
    with FaultyProxy(server.port) as proxy:
        proxy.losses = {number: loss}
        said = failing_run(journey, server.driver_through(proxy.port))
        assert said is None or ZONE in said or f"dns_providers.{provider}" in said
        assert proxy.connections >= number, "the fault was not reached"
    settle(journey, server.driver())
    ends_as_planned(journey, server.driver(), untouched)
    count(provider)


@pytest.mark.parametrize("number", CONNECTIONS)
@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("provider", ["knot", "bind"])
def test_killed_at_any_connection_to_a_name_server(
    provider: str,
    sent: bool,
    number: int,
    started: Callable[[str], NameServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, owner = started(provider), f"killed{number}-{sent}".lower()
    settle(Journey(before(owner), owner), server.driver())
    journey, untouched = Journey(after(owner), owner), foreign(server.driver().read(ZONE))
    with monkeypatch.context() as patch:
        if number < len(CONNECTIONS):
            patch.setattr(Wire, "transfer", killing(Wire.transfer, number, sent=sent))
        else:
            patch.setattr(Wire, "send", killing(Wire.send, 1, sent=sent))
        with pytest.raises(Killed):
            run(journey, server.driver())
    settle(journey, server.driver())
    ends_as_planned(journey, server.driver(), untouched)
    count(provider)
