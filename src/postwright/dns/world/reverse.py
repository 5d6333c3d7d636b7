"""Forward-confirmed reverse names: address to name and back, for IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address

from .asking import World
from .delegation import zone_of
from .findings import Finding

# Hosters whose customers can have names set by a driver, by the end of their servers' names.
_DRIVERS = {(".your-server.de", ".hetzner.com", ".hetzner.de"): "hetzner_cloud"}


def judge(
    world: World, hostnames: Sequence[str], address: IPv4Address | IPv6Address
) -> Iterator[Finding]:
    """Yield where a host's address and name do not agree.

    The first name is the host's own. Each of the others leads to its addresses, too, and one of
    them is what a resolver may still remember.
    """
    hostname = hostnames[0]
    pointer = address.reverse_pointer
    names = {v.rstrip(".") for v in world.lookup(pointer, "PTR").values("PTR")}
    subject = f"{address} ({hostname})"
    if names.isdisjoint(hostnames):
        mend = f"have the PTR record of {address} name {hostname}: {_whom(world, pointer)}"
        if names:
            seen = f"its name is {', '.join(sorted(names))}"
            yield Finding("reverse.differs", subject, seen, mend)
        else:
            yield Finding("reverse.missing", subject, "the address has no name (PTR)", mend)
    forward = world.lookup(hostname, kind(address)).values(kind(address))
    if str(address) not in forward:
        yield Finding(
            "forward.differs",
            subject,
            f"the name leads to {', '.join(forward) or 'nothing'}",
            "see the plan: postwright dns plan; then apply it",
        )


def kind(address: IPv4Address | IPv6Address) -> str:
    """Return the type of the record that leads to an address."""
    return "A" if address.version == 4 else "AAAA"


def _whom(world: World, pointer: str) -> str:
    """Return who can change a reverse name: who runs its zone, and by which driver of ours."""
    zone = zone_of(world, pointer)
    servers = sorted(value.rstrip(".").lower() for value in world.lookup(zone, "NS").values("NS"))
    text = "where its zone is not the inventory's, whoever gave you the address does that"
    if servers and len(zone.split(".")) > 2:
        text += f" (the zone {zone} is at {', '.join(servers)})"
    for ends, driver in _DRIVERS.items():
        if any(server.endswith(ends) for server in servers):
            text += f"; if the address is of its cloud, the driver {driver} does it"
    return text
