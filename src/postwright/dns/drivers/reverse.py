"""Names of addresses, at the company that the addresses are from.

Most hosters let nobody into their reverse zones, but let each customer name the customer's own
addresses. Here every address is a zone of one record, so that it is planned, guarded, applied and
proven as all else. Such a zone has no room for a manifest: ours is the name that the inventory
wants, and what nobody chose (none, or the hoster's generic name) is free to take. Any other name is
somebody's choice, and stays until it is adopted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

import dns.exception
import dns.name
import dns.reversename

from postwright.dns import manifest
from postwright.dns.claims import Claim, Kind
from postwright.dns.errors import NotServedError, ProviderError, StalePlanError
from postwright.dns.plan import Change
from postwright.dns.records import RecordSet, Slot, Snapshot, canonical

from .base import Capabilities, Refusal

__all__ = ["Address", "Hoster", "Pointer", "Reverse"]

TTL = 86400
"""Seconds that are shown: hosters say none."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Pointer:
    """An address's name, without the last dot; `generic` where the hoster chose it."""

    name: str
    generic: bool


class Hoster(Protocol):
    """One account at a company that addresses are from.

    It MUST be usable from several threads, and MUST NOT show a secret in an error.
    """

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""

    def holds(self, address: Address) -> bool:
        """Return whether the account may name an address.

        Raises:
            CredentialError, ProviderError: it cannot be known.
        """

    def read(self, address: Address) -> Pointer | None:
        """Return an address's name as it is now; None where it has none.

        Raises:
            CredentialError, NotServedError, ProviderError: it cannot be read.
        """

    def write(self, address: Address, name: str | None) -> None:
        """Give an address a name; None gives it back the hoster's own, if that has any.

        Raises:
            AmbiguousError: whether that was done is not known.
            CredentialError, NotServedError, ProviderError: nothing was changed.
        """


_SEVERAL = Refusal(
    "more than one name for an address",
    lambda change: change.slot.type == "PTR" and len(change.after) > 1,
    "an address has one name there",
    "give each address to one host of the inventory",
    "docs.hetzner.cloud, change_dns_ptr",
    date(2026, 11, 25),
)


class Reverse:
    """A hoster as a driver; `wanted` are the names that the inventory gives, by reverse name."""

    capabilities = Capabilities(
        atomic=True, conditional=False, refusals=(_SEVERAL,), last_resort=True
    )

    def __init__(self, hoster: Hoster, owner: str, wanted: Mapping[str, Sequence[str]]) -> None:
        self._hoster, self._owner, self._wanted = hoster, owner, wanted

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._hoster.name

    def find_zone(self, name: str) -> str | None:
        """Return the name itself if it is the reverse name of one of the account's addresses."""
        address = address_of(name)
        return name if address and self._hoster.holds(address) else None

    def probe(self, zone: str) -> None:
        """Read the name: hosters have no way to see whether the key may change it."""
        self.read(zone)

    def read(self, zone: str) -> Snapshot:
        """Return the one record, and as ours what is free to take or already as wanted."""
        pointer = self._hoster.read(self._address(zone))
        sets: dict[Slot, RecordSet] = {}
        values: tuple[str, ...] = ()
        if pointer:
            values = (canonical("PTR", f"{pointer.name}."),)
            sets[Slot(zone, "PTR")] = RecordSet(TTL, values)
        if not pointer or pointer.generic or values == tuple(self._wanted.get(zone, ())):
            entry = manifest.Entry(self._owner, Claim(Kind.PTR, zone))
            sets[manifest.slot(zone)] = RecordSet(TTL, (manifest.text(entry, zone),))
        return Snapshot(zone, sets)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Name the address, if it has the name that was read."""
        for change in changes:
            if change.slot != Slot(zone, "PTR"):
                continue
            if _SEVERAL.refuses(change):
                raise ProviderError(
                    f"dns_providers.{self.name}: {zone} PTR: {_SEVERAL.why}", _SEVERAL.mend
                )
            if self.read(zone).values(change.slot) != change.before:
                raise StalePlanError(
                    f"dns_providers.{self.name}: {zone} PTR is not what the plan was made for: "
                    "somebody else changed it meanwhile; nothing was changed",
                    "run again: the plan is then made anew",
                )
            name = change.after[0].rstrip(".") if change.after else None
            self._hoster.write(self._address(zone), name)

    def _address(self, zone: str) -> Address:
        address = address_of(zone)
        if address is None:
            raise NotServedError(
                f"dns_providers.{self.name}: {zone} is no address's reverse name, and no zones are "
                "served there",
                "name the provider that serves the zone",
            )
        return address


def address_of(name: str) -> Address | None:
    """Return the address of a reverse name (RFC 1035 3.5, RFC 3596 2.5); None of any other name."""
    try:
        address = ip_address(dns.reversename.to_address(dns.name.from_text(name)))
    except (dns.exception.DNSException, ValueError):
        return None
    return address if address.reverse_pointer == name else None
