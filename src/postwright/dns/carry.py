"""Stages made true in order: announced, seen at every authoritative server, then cut over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import manifest as manifests
from .answers import Authorities, Waiting, wait
from .apply import apply
from .claims import Phase, Want
from .drivers import Driver
from .places import Place, each, read_zones
from .plan import Plan
from .records import Snapshot
from .run import standing
from .stages import Stage, follow, refuse_stale


def carry_out(
    drivers: Mapping[str, Driver],
    stages: Sequence[Stage],
    owner: str,
    authorities: Authorities,
    waiting: Waiting,
) -> list[str]:
    """Apply stages exactly, and return the servers that answer with the result.

    Every zone is looked at before the first is changed. What is announced is proven in all zones
    before any is cut over: one zone's MX names another's host.

    Raises:
        StalePlanError: a zone has changed since; where that is so beforehand, nothing was changed.
        DnsError: a provider refused or failed, or a server does not answer rightly in time.
    """
    places = [Place(plan.provider, plan.zone) for plan in stages[0].plans]
    changing = {Place(p.provider, p.zone) for stage in stages for p in stage.changing}
    if not changing:
        return []
    refuse_stale(stages, read_zones(drivers, [it for it in places if it in changing]))
    done: dict[Place, Plan] = {}
    checked: list[str] = []
    for stage in stages:
        plans = stage.changing
        each(plans, lambda plan: plan.provider, lambda plan: _apply(drivers, plan, done))
        done.update({Place(plan.provider, plan.zone): plan for plan in plans})
        if plans or stage.phase is Phase.ANNOUNCE:
            wants = _published(read_zones(drivers, places), owner)
            checked = wait(wants, authorities, waiting)
    return checked


def _apply(drivers: Mapping[str, Driver], plan: Plan, done: Mapping[Place, Plan]) -> None:
    driver, before = drivers[plan.provider], done.get(Place(plan.provider, plan.zone))
    apply(driver, follow(before, plan, driver.read(plan.zone)) if before else plan)


def _published(seen: Mapping[Place, Snapshot], owner: str) -> dict[str, list[Want]]:
    """Return by zone what stands there of ours: what every server of the zone has to answer."""
    found: dict[str, list[Want]] = {}
    for it, snapshot in seen.items():
        if there := standing(snapshot, sorted(manifests.read(snapshot, owner).mine)):
            found.setdefault(it.zone, []).extend(there)
    return found
