"""Domains that are on their way from one host to another (docs/migrate.md)."""

from __future__ import annotations

from .base import Value
from .inventory import Host, Inventory
from .web import web_names

LMTP = 24
"""IANA's port for any private mail system: what one host of a move has for the other comes here."""


class Peer(Value):
    """The other host of a move."""

    name: str
    hostname: str
    ipv4: str
    ipv6: str | None


class Move(Value):
    """A domain that comes here or, unless `arriving`, leaves; `peer` is at the other end.

    The old host answers for `web_names`, too, while its addresses are remembered.
    """

    domain: str
    arriving: bool
    peer: Peer
    accounts: list[str]
    web_names: list[str]
    lmtp_port: int = LMTP


def moves(inventory: Inventory, host: Host) -> list[Move]:
    """Return the moves that a host has a part in, by domain."""
    found = []
    for domain in inventory.domains_of(host.name):
        if domain.moves_from is None:
            continue
        arriving = host.name != domain.moves_from
        other = inventory.hosts[domain.moves_from if arriving else domain.hosts[0]]
        peer = Peer(
            name=other.name,
            hostname=other.hostname,
            ipv4=str(other.ipv4),
            ipv6=None if other.ipv6 is None else str(other.ipv6),
        )
        accounts = [domain.address(local) for local in sorted(domain.accounts)]
        found.append(
            Move(
                domain=domain.name,
                arriving=arriving,
                peer=peer,
                accounts=accounts,
                web_names=list(web_names(domain)),
            )
        )
    return found
