"""Which of a host's TLS keys everybody can know: those that each authoritative server lists."""

from __future__ import annotations

from dataclasses import dataclass

from .answers import Authorities, look_everywhere
from .claims import Claim, Kind
from .host_records import TLSA_USAGE


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
    found = look_everywhere(slot, authorities.of(authorities.zone_of(hostname)))
    values = set.intersection(*(set(each.values) for each in found))
    keys = [value.removeprefix(TLSA_USAGE).replace(" ", "") for value in sorted(values)
            if value.startswith(f"{TLSA_USAGE} ")]  # fmt: skip
    ttls = [each.ttl for each in found if each.values]
    return ListedKeys(tuple(keys), max(ttls, default=None))
