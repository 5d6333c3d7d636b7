"""Which of a host's TLS keys everybody can know: those that each authoritative server lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .answers import Authorities, Authority, NoRouteError, look_at
from .claims import Claim, Kind
from .errors import NotAnsweredError
from .host_records import TLSA_USAGE
from .records import RecordSet, Slot


@dataclass(frozen=True)
class ListedKeys:
    """Keys as TLSA 3 1 1 has them, in hexadecimal, and how many seconds the set is cached.

    `ttl` is None where no server has a TLSA set at all.
    """

    keys: tuple[str, ...]
    ttl: int | None


def listed_keys(hostname: str, authorities: Authorities) -> ListedKeys:
    """Return what every server of a host's zone lists for port 25 (RFC 7672 3.1.1).

    Raises:
        NotAnsweredError: a server does not answer, or none is known.
    """
    slot = Claim(Kind.TLSA, f"_25._tcp.{hostname}").slot
    found = _sets(slot, authorities.of(authorities.zone_of(hostname)))
    values = set.intersection(*(set(each.values) for each in found))
    keys = [value.removeprefix(TLSA_USAGE).replace(" ", "") for value in sorted(values)
            if value.startswith(f"{TLSA_USAGE} ")]  # fmt: skip
    ttls = [each.ttl for each in found if each.values]
    return ListedKeys(tuple(keys), max(ttls, default=None))


def _sets(slot: Slot, servers: Sequence[Authority]) -> list[RecordSet]:
    found = []
    for server in servers:
        try:
            seen = look_at(server, slot)
        except NoRouteError:
            continue
        if isinstance(seen, str):
            raise NotAnsweredError(
                f"whether {server.name} ({server.address}) lists a new TLS key at {slot.name}: "
                f"{seen}",
                "see that the server answers, then run again; the old key is served until then",
            )
        found.append(seen)
    if not found:
        raise NotAnsweredError(
            f"no server of {slot.name} has an address that this machine has a route to",
            "run where there is IPv6, or give a server of the zone an IPv4 address",
        )
    return found
