"""The steps that the cases of the matrix are made of, each proven at driver and server alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from conformance_backends import Backend, forms, seen_when
from dns_samples import NOW, txt, want
from name_servers import ZONE

from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.drivers import Driver
from postwright.dns.errors import ProviderError, StalePlanError
from postwright.dns.plan import Change, Plan
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import Slot, Snapshot


@dataclass(frozen=True)
class Peculiarity:
    """What a server does otherwise than others, by its defaults; `seen` is when."""

    backend: str
    what: str
    seen: date

    def at(self, backend: Backend) -> bool:
        """Return whether a provider is the one."""
        return backend.name == self.backend


CAPPED_TTL = Peculiarity("bind", "dnssec-policy default lowers a TTL to 86,400", date(2026, 11, 25))
NO_ADDRESS = Peculiarity("bind", "refuses an MX to a name without address", date(2026, 11, 25))
LARGE_SET = Peculiarity("bind", "refuses over 100 records in a set", date(2026, 11, 25))


class Refused(Exception):  # noqa: N818 - it is a result
    """The provider is known not to hold this, and the driver said so before it sent anything."""


def quick(_: float) -> None:
    """Wait for nothing."""


def put(backend: Backend, slot: Slot, *values: str, ttl: int = 3600) -> Snapshot:
    """Have a set hold these values by one change, and see that driver and server agree."""
    driver = backend.driver()
    before = driver.read(ZONE).values(slot)
    change = Change(slot, ttl, before, before, tuple(values))
    known = [each for each in driver.capabilities.refusals if each.refuses(change)]
    if known:
        with pytest.raises(ProviderError, match=re.escape(known[0].why)):
            driver.apply(ZONE, [change])
        assert driver.read(ZONE).values(slot) == before
        raise Refused(f"refused ({known[0].verified})")
    driver.apply(ZONE, [change])
    wanted = forms(slot.type, values)
    seen = seen_when(driver, lambda it: forms(slot.type, it.values(slot)) == wanted)
    assert forms(slot.type, seen.values(slot)) == wanted
    assert backend.answers(slot.name, slot.type) == wanted
    return seen


def planned(backend: Backend, name: str, wants: Sequence[Want], adopt: bool = False) -> Plan:
    """Return the plan of an owner whose id is the case's own name."""
    names = frozenset(each.claim.name for each in wants) if adopt else frozenset()
    owner = name.partition(".")[0]
    task = Task(wants, owner, Phase.ANNOUNCE, NOW, names)
    return make_plan(backend.name, backend.driver().read(ZONE), task)


def publish(backend: Backend, name: str, *wants: Want, adopt: bool = False) -> Snapshot:
    """Publish what is wanted; then the zone is as the plan says, and a second plan is empty."""
    driver = backend.driver()
    plan = planned(backend, name, wants, adopt)
    result = plan.result(driver.read(ZONE))
    if refused := driver.capabilities.refused(plan):
        with pytest.raises(ProviderError, match=re.escape(refused[0].why)):
            apply(driver, plan, quick)
        raise Refused(f"refused ({driver.capabilities.refusals[0].verified})")
    apply(driver, plan, quick)
    slots = [change.slot for change in plan.changes]

    def done(seen: Snapshot) -> bool:
        return all(
            forms(slot.type, seen.values(slot)) == forms(slot.type, result.values(slot))
            for slot in slots
        )

    seen = seen_when(driver, done)
    assert done(seen)
    assert not planned(backend, name, wants).changes
    return seen


class Overtaken:
    """A driver that somebody else is quicker than: between its last read and its change."""

    def __init__(self, driver: Driver, meanwhile: Callable[[], None]) -> None:
        self._driver, self._meanwhile = driver, meanwhile
        self.capabilities = driver.capabilities

    def __getattr__(self, name: str) -> object:
        return getattr(self._driver, name)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Change, but not before somebody else did."""
        self._meanwhile()
        self._driver.apply(zone, changes)


def overtaken(backend: Backend, name: str, value: str) -> StalePlanError | None:
    plan = planned(backend, name, [want(Kind.SPF, name, txt("v=spf1 -all"))])
    driver = Overtaken(backend.driver(), lambda: backend.foreign(name, "TXT", value))
    try:
        apply(driver, plan, quick)  # type: ignore[arg-type]
    except StalePlanError as error:
        return error
    return None
