"""One package of octoDNS's, by its class: what it is asked, and what it is kept from.

octoDNS is an optional part, so nothing of it is imported before a provider of the inventory needs
it.
"""

from __future__ import annotations

import importlib
import logging
from functools import cached_property
from typing import Any, NoReturn

from postwright.dns.errors import NotServedError, ProviderError
from postwright.dns.plan import Change

from .octodns_errors import Account, Judge
from .octodns_records import FORMS, data, plain

# What of a package makes a zone where it finds none to change; nothing else goes that way.
_MAKES_ZONES = {"octodns_powerdns.PowerDnsProvider": "_post"}


class WholeZoneError(Exception):
    """A package asked for the whole zone, which it would write in place of what stands there."""


class Package:
    """A provider's class and options, and octoDNS's own classes."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._judge = Judge(account)
        self._zone: Any = _imported("octodns.zone", account)
        self._record: Any = _imported("octodns.record", account)
        self._plan: Any = _imported("octodns.provider.plan", account)
        module, _, name = account.provider_class.rpartition(".")
        self._class: Any = getattr(_imported(module, account), name, None)
        if self._class is None:
            raise ProviderError(
                f"dns_providers.{account.name}.provider_class: {module} has no {name}",
                "write the class as that package's documentation names it",
            )
        for each in ("Record", "Zone", "Plan"):
            _silence(logging.getLogger(each))

    @property
    def title(self) -> str:
        """What the package is called where it is installed from."""
        return _title(self.account)

    @property
    def lists(self) -> bool:
        """Whether it can list its zones."""
        return hasattr(self._class, "list_zones")

    @cached_property
    def types(self) -> set[str]:
        """The types that both it and this driver write."""
        return FORMS & set(self._idle.SUPPORTS)

    @cached_property
    def _idle(self) -> Any:
        """A provider that is asked only for what it knows by itself."""
        return self.made()

    def made(self) -> Any:
        """Return a new provider that can make no zone, as far as that is known of its package."""
        try:
            provider = self._class(self.account.name, **self.account.options)
        except Exception as error:
            raise self._judge.of("made from its options", error) from None
        _silence(provider.log)
        if maker := _MAKES_ZONES.get(self.account.provider_class):
            setattr(provider, maker, self._make_nothing)
        return provider

    def zone(self, name: str) -> Any:
        """Return an empty zone of octoDNS's."""
        return self._zone.Zone(f"{name}.", [])

    def change(self, zone: Any, before: Any, change: Change, source: Any) -> Any:
        """Return octoDNS's change of one set; `before` is its record, or None."""
        if not change.after:
            return self._record.Delete(before)
        after = self._made_record(zone, change, source)
        return self._record.Create(after) if before is None else self._record.Update(before, after)

    def plan(self, zone: str, existing: Any, changes: list[Any]) -> Any:
        """Return octoDNS's plan of a zone that is there; of what is wanted it has no more.

        Some packages (octodns-transip) replace the zone by all that octoDNS knows of it, and the
        rest would be lost: they stop here before they send anything.
        """

        class Touched(self._zone.Zone):  # type: ignore[misc,name-defined]
            @property
            def records(self) -> NoReturn:
                raise WholeZoneError(
                    "it replaces whole zones, and with them what octoDNS does not know of them"
                )

        return self._plan.Plan(existing, Touched(f"{zone}.", []), changes, True)

    def adapts(self, change: Change) -> bool:
        """Return whether it would leave a set out, or make another one of it."""
        if not change.after or change.slot.type not in self.types or not plain(change):
            return False
        provider, zone = self._idle, self.zone(change.slot.name.partition(".")[2])
        wanted = self._made_record(zone, change, provider)
        zone.add_record(wanted, lenient=True)
        try:
            found = list(provider._process_desired_zone(zone.copy()).records)
        except Exception:  # each package's own way to say that it cannot
            return True
        return not found or bool(found[0].data != wanted.data)

    def _made_record(self, zone: Any, change: Change, source: Any) -> Any:
        name = change.slot.name.removesuffix(zone.name.rstrip(".")).rstrip(".")
        return self._record.Record.new(zone, name, data(change), source=source, lenient=True)

    def _make_nothing(self, *_: object, **__: object) -> NoReturn:
        raise NotServedError(
            f"dns_providers.{self.account.name}: the zone was deleted while this ran",
            "make it again at the provider (Postwright never makes one), then run again",
        )


def _imported(module: str, account: Account) -> Any:
    try:
        return importlib.import_module(module)
    except (ImportError, ValueError):
        raise ProviderError(
            f"dns_providers.{account.name}: the Python module {module or account.provider_class} "
            "is not installed where Postwright runs",
            "install octoDNS and its provider's package: .venv/bin/python -m pip install octodns "
            f"{_title(account)}",
        ) from None


def _title(account: Account) -> str:
    return account.provider_class.partition(".")[0].replace("_", "-")


def _silence(log: logging.Logger) -> None:
    """Keep a package from printing: what has to be known is raised, and its log is not ours."""
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
