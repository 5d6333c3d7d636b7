"""Any provider that octoDNS has a package for: its reading and writing, none of its planning.

octoDNS plans by whole zones and may make one; here it gets exactly the record sets that we touch,
each whole, and only of a zone that it has just read. Every call makes the provider anew, since many
of them keep what they have read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

from postwright.dns.errors import (
    AmbiguousError,
    DnsError,
    NotServedError,
    PartialError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.plan import Change
from postwright.dns.records import Snapshot

from .base import Capabilities, Refusal
from .octodns_errors import Account, Judge
from .octodns_package import Package
from .octodns_records import plain, same, slot_of, snapshot, steps

__all__ = ["Account", "Octodns"]

_SEEN = date(2026, 11, 25)


class Octodns:
    """One account at a provider of octoDNS's."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._judge = Judge(account)
        self._package = Package(account)

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._account.name

    @cached_property
    def capabilities(self) -> Capabilities:
        """What can be said of every package: most send a request for each record set."""
        return Capabilities(atomic=False, conditional=False, refusals=_refusals(self._package))

    def find_zone(self, name: str) -> str | None:
        """Return the longest zone that the provider lists, or has where it cannot list."""
        labels = name.split(".")
        above = [".".join(labels[at:]) for at in range(len(labels) - 1)]
        if self._package.lists:
            return next((each for each in above if each in self._listed), None)
        return next((each for each in above if self._populated(self._package.made(), each)), None)

    def probe(self, zone: str) -> None:
        """Read the zone: octoDNS has no way to see whether the key may change it."""
        self.read(zone)

    def read(self, zone: str) -> Snapshot:
        """Return the zone as the provider's package reads it."""
        return snapshot(zone, self._existing(self._package.made(), zone).records)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Send the touched sets, each whole: first our claims, then records, then what ends."""
        self._refuse(zone, changes)
        for number, step in enumerate(steps(zone, changes)):
            try:
                self._send(zone, step, step if number else changes)
            except DnsError as error:
                raise (_partial(zone, error) if number else error) from None

    def _refuse(self, zone: str, changes: Sequence[Change]) -> None:
        for change in changes:
            for refusal in self.capabilities.refusals:
                if refusal.refuses(change):
                    raise ProviderError(
                        f"dns_providers.{self.name}: zone {zone}: {change.slot.name} "
                        f"{change.slot.type}: {refusal.why}",
                        refusal.mend,
                    )

    def _send(self, zone: str, changes: Sequence[Change], planned: Sequence[Change]) -> None:
        """Change the sets if all is now as it was planned for, and the zone is there."""
        provider = self._package.made()
        existing = self._existing(provider, zone)
        seen = snapshot(zone, existing.records)
        for change in planned:
            if not same(change.slot.type, seen.values(change.slot), change.before):
                raise StalePlanError(
                    f"zone {zone}: {change.slot.name} {change.slot.type} is not what the plan was "
                    "made for: somebody else changed it meanwhile; nothing was changed",
                    "run again: the plan is then made anew",
                )
        standing = {slot_of(zone, record): record for record in existing.records}
        made = [
            self._package.change(existing, standing.get(each.slot), each, provider)
            for each in changes
        ]
        try:
            done = provider.apply(self._package.plan(zone, existing, made))
        except DnsError:
            raise
        except Exception as error:
            raise self._failed(zone, changes, error) from None
        if done != len(made):
            raise ProviderError(
                f"dns_providers.{self.name}: {self._account.provider_class} changed nothing in "
                f"zone {zone}, and said so",
                "leave apply_disabled out of its options",
            )

    def _failed(self, zone: str, changes: Sequence[Change], error: Exception) -> DnsError:
        """Return what a failed change means, after a look at what it has done."""
        said = self._judge.of(f"changing zone {zone}", error, writing=True)
        if isinstance(said, AmbiguousError):
            return said
        try:
            seen = self.read(zone)
        except DnsError:
            return AmbiguousError(said.what, said.mend)
        if all(same(c.slot.type, seen.values(c.slot), c.before) for c in changes):
            return said
        return _partial(zone, said)

    @cached_property
    def _listed(self) -> frozenset[str]:
        provider = self._package.made()
        try:
            return frozenset(str(each).lower().rstrip(".") for each in provider.list_zones())
        except Exception as error:
            raise self._judge.of("listing its zones", error) from None

    def _existing(self, provider: Any, zone: str) -> Any:
        found = self._populated(provider, zone)
        if found is None:
            raise NotServedError(
                f"dns_providers.{self.name}: {self._account.provider_class} has no zone {zone}",
                "make the zone there (Postwright never makes one), or let the key see it",
            )
        return found

    def _populated(self, provider: Any, zone: str) -> Any:
        """Return octoDNS's zone with what the provider holds; None where it has no such zone."""
        found = self._package.zone(zone)
        try:
            exists = provider.populate(found, target=True, lenient=True)
        except Exception as error:
            raise self._judge.of(f"reading zone {zone}", error) from None
        return found if exists else None


def _partial(zone: str, error: DnsError) -> PartialError:
    return PartialError(
        f"zone {zone}: a part of the changes was made, then: {error.what}",
        f"run again: what is missing is then made, and nothing twice. {error.mend}",
    )


def _refusals(package: Package) -> tuple[Refusal, ...]:
    return (
        Refusal(
            "a type that the package does not support",
            lambda change: bool(change.after) and change.slot.type not in package.types,
            f"{package.title} does not support the type",
            "publish it by hand, or turn this record off: `records` of the domain",
            "SUPPORTS of its class",
            _SEEN,
        ),
        Refusal(
            "text that is not plain",
            lambda change: not plain(change),
            "octoDNS does not carry quotes, backslashes and what is not ASCII safely",
            "take such values out of this record set, or publish it by hand",
            "octodns/record/chunked.py of 1.22.0, octodns-powerdns 1.2.0",
            _SEEN,
        ),
        Refusal(
            "what the package would change",
            package.adapts,
            f"{package.title} cannot hold it as it is wanted",
            "see the limits in its documentation; publish the record by hand, or turn it off",
            "_process_desired_zone of its class",
            _SEEN,
        ),
    )
