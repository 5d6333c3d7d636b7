"""Forward-confirmed reverse names: address to name and back, for IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from .asking import World
from .findings import Finding


def judge(world: World, hostname: str, address: IPv4Address | IPv6Address) -> Iterator[Finding]:
    """Yield where a host's address and name do not agree."""
    kind = "A" if address.version == 4 else "AAAA"
    names = {v.rstrip(".") for v in world.lookup(address.reverse_pointer, "PTR").values("PTR")}
    subject = f"{address} ({hostname})"
    mend = (
        f"have the PTR record of {address} name {hostname}: where its zone is not the "
        "inventory's, whoever gave you the address does that"
    )
    if not names:
        yield Finding("reverse.missing", subject, "the address has no name (PTR)", mend)
    elif hostname not in names:
        yield Finding("reverse.differs", subject, f"its name is {', '.join(sorted(names))}", mend)
    forward = world.lookup(hostname, kind).values(kind)
    if str(address) not in forward:
        yield Finding(
            "forward.differs",
            subject,
            f"the name leads to {', '.join(forward) or 'nothing'}",
            "see the plan: postwright dns plan; then apply it",
        )
