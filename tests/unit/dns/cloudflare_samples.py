"""Drivers at the local Cloudflare server, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cloudflare_server import CloudflareServer, Token, VirtualClock, Zone
from postwright.dns.drivers.cloudflare import Account, Cloudflare

TOKEN = "cfut-token-of-the-test"  # noqa: S105


@contextmanager
def serving(*zones: str) -> Iterator[CloudflareServer]:
    """Yield a server whose one token may do all in these zones."""
    with CloudflareServer(VirtualClock(), slow=0.3) as server:
        server.world.tokens[TOKEN] = Token()
        for name in zones:
            server.world.add_zone(name)
        yield server


def driver_at(server: CloudflareServer, token: str = TOKEN, timeout: float = 5) -> Cloudflare:
    """Return a driver that shares the server's clock; `timeout` in real seconds."""
    return Cloudflare(Account("cf", server.url, token, timeout), server.clock)


def zone_of(server: CloudflareServer, name: str) -> Zone:
    """Return a zone of the server by its name."""
    return next(zone for zone in server.world.zones.values() if zone.name == name)
