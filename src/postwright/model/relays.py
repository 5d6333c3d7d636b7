"""How mail leaves a host: each relay as a transport of Postfix, and who is sent through which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from postwright.profiles import profiles

from .base import Value
from .inventory import Domain, Host, Inventory

_DIRECT = "smtp"
# Ports on which TLS comes first: RFC 8314 7.3, and Amazon SES's second one.
_IMPLICIT_TLS = {465, 2465}


class RelayLogin(Value):
    """A line of Postfix's password table: a sender's domain or a next hop, and `user:password`."""

    key: str
    login: str


class Relay(Value):
    """A relay; `next_hop` and `transport` as Postfix writes them. `logins` are not for verify."""

    name: str
    title: str
    host: str
    port: int
    next_hop: str
    transport: str
    implicit_tls: bool
    logins: list[RelayLogin]


class RelaySender(Value):
    """A domain, as `@domain`, and the transport through which its mail leaves."""

    address: str
    transport: str


class Leaving(NamedTuple):
    """All ways by which mail leaves a host."""

    relays: list[Relay]
    senders: list[RelaySender]
    default: str
    port_25_needed: bool


def leaving(inventory: Inventory, host: Host, domains: Sequence[Domain]) -> Leaving:
    """Return how mail leaves a host that serves these domains."""
    ways = {domain.name: inventory.relay_of(domain, host) for domain in domains}
    used = {name for name in [host.relay, *ways.values()] if name is not None}
    relays = [_relay(inventory, host, name, ways) for name in sorted(used)]
    transports = {relay.name: relay.transport for relay in relays}
    default = transports[host.relay] if host.relay else _DIRECT
    return Leaving(
        relays,
        [
            # Of a transport without a next hop, that is the recipient's domain.
            RelaySender(address=f"@{name}", transport=transports[way] if way else f"{_DIRECT}:")
            for name, way in sorted(ways.items())
            if way != host.relay
        ],
        default,
        default == _DIRECT or None in ways.values(),
    )


def _relay(inventory: Inventory, host: Host, name: str, ways: dict[str, str | None]) -> Relay:
    spec = inventory.relays[name]
    profile = profiles()[spec.profile]
    assert profile.relay is not None
    server, port = profile.host(spec.given), spec.port or profile.relay.port
    # In brackets: the name itself, not the MX of it (postconf(5), relayhost).
    next_hop = f"[{server}]:{port}"
    user = spec.username.get_secret_value() if spec.username else profile.relay.username
    login = f"{user}:{spec.password.get_secret_value()}"
    keys = [f"@{domain}" for domain, way in sorted(ways.items()) if way == name]
    if host.relay == name:
        keys.append(next_hop)
    return Relay(
        name=name,
        title=profile.title,
        host=server,
        port=port,
        next_hop=next_hop,
        transport=f"relay-{name}:{next_hop}",
        implicit_tls=port in _IMPLICIT_TLS,
        logins=[RelayLogin(key=key, login=login) for key in keys],
    )
