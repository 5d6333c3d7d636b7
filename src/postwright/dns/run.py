"""The verbs: probe the providers, plan all zones, publish them, prove what is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from . import caa, spf, spf_cost, txt
from . import manifest as manifests
from .answers import Authorities, Waiting, wait
from .apply import apply, refuse_conflicts
from .claims import Claim, Kind, Phase, Want
from .desired import Desired
from .drivers import Driver
from .errors import NotAnsweredError, raise_all
from .look import Look, unanswered
from .places import Place, Placed, each, place, read_zones
from .plan import Guards, Plan
from .planner import Task, make_plan
from .records import Snapshot, canonical

READ_AGAIN = 100
"""Zones of a run that are read again before they are changed, at a provider without conditions: it
narrows the time in which another's change goes unseen from the length of the run to a second. Such
providers count requests: of a thousand zones, a second read of each would cost five minutes. One
with conditions refuses by itself what is not as it was read."""


@dataclass(frozen=True)
class Order:
    """What the operator asks for, beside the inventory."""

    owner: str
    phase: Phase
    adopt: frozenset[str] = frozenset()
    retire_zones: tuple[str, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Planned:
    """All plans of a run, what each zone held and should hold, and what nobody here can publish."""

    plans: Mapping[Place, Plan]
    seen: Mapping[Place, Snapshot]
    wants: Mapping[Place, Sequence[Want]]
    manual: Sequence[Want]
    owner: str

    @property
    def changed(self) -> bool:
        """Whether anything has to be changed."""
        return any(plan.changes for plan in self.plans.values())

    @property
    def ours(self) -> set[Claim]:
        """What the zones' manifests list as ours."""
        return manifests.owned(self.seen.values(), self.owner)


def probe(drivers: Mapping[str, Driver], wanted: Desired) -> Placed:
    """Prove that every provider takes its key and lets it read and change every zone needed.

    Raises:
        DnsError: what is not so, of all providers and domains together.
    """
    placed = place(wanted.requests, drivers)
    each(placed.wants, _provider, lambda it: drivers[it.provider].probe(it.zone))
    return placed


def make_plans(
    drivers: Mapping[str, Driver], wanted: Desired, order: Order, look: Look | None = None
) -> Planned:
    """Read every zone and plan it. Nothing is changed, and conflicts stand in the plans.

    `look` looks up other people's records: those that SPF includes, and those that nobody here can
    publish, of which only what is not there yet is asked for.

    Raises:
        DnsError: a provider refused or failed, or serves no zone for a domain.
    """
    placed = place(wanted.requests, drivers, order.retire_zones)
    seen = read_zones(drivers, placed.wants)
    plans = {}
    for it, snapshot in seen.items():
        task = Task(placed.wants[it], order.owner, order.phase, order.now, order.adopt, wanted.held)
        plans[it] = plan_zone(drivers[it.provider], snapshot, task, look)
    asked = [*placed.unplaced, *wanted.asked]
    manual = unanswered(asked, look) if look else asked
    return Planned(plans, seen, placed.wants, manual, order.owner)


def plan_zone(driver: Driver, snapshot: Snapshot, task: Task, look: Look | None) -> Plan:
    """Return a zone's plan; what its provider or receivers would refuse is a conflict in it."""
    plan = make_plan(driver.name, snapshot, task)
    refused = driver.capabilities.refused(plan)
    costly, notes = spf_cost.judge(plan, snapshot, task.wants, look) if look else ((), ())
    if plan.changes and not driver.capabilities.writes:
        notes = (*notes, f"zone {plan.zone} is changed by hand: its changes are yours to make")
    conflicts = (*plan.conflicts, *refused, *costly)
    return replace(plan, conflicts=conflicts, notes=(*plan.notes, *notes))


def check(planned: Planned, guards: Guards) -> None:
    """Refuse plans with conflicts, or that delete too much.

    Raises:
        ConflictError, GuardError: nothing was changed.
    """
    plans = list(planned.plans.values())
    refuse_conflicts(plans)
    raise_all(guards.check(plans))


def owned(drivers: Mapping[str, Driver], placed: Placed, owner: str) -> set[Claim]:
    """Return what the zones' manifests list as ours.

    Raises:
        DnsError: a provider refused or failed.
    """
    return manifests.owned(read_zones(drivers, placed.wants).values(), owner)


def check_caa(wanted: Desired, look: Look, ours: Callable[[], Iterable[Claim]]) -> list[str]:
    """Refuse to go on where somebody's CAA keeps our CA from issuing what hosts need.

    Returns what could not be judged. What is among `ours`, announce brings up to date; it is asked
    for only where something is wrong.

    Raises:
        ForbiddenError: it names record and mend; nothing was changed.
    """
    wrong, unsure = caa.check(wanted.orders, look)
    if wrong:
        names = {claim.name for claim in ours() if claim.kind is Kind.CAA}
        wrong, unsure = caa.check(wanted.orders, look, names)
    raise_all(wrong)
    return [f"not known: {text}" for text in unsure]


def publish(drivers: Mapping[str, Driver], planned: Planned) -> None:
    """Apply all plans; those of other zones are applied even where one fails.

    Raises:
        DnsError: of all zones together.
    """
    work = {it: plan for it, plan in planned.plans.items() if plan.changes}
    many = {name for name, zones in Counter(map(_provider, work)).items() if zones > READ_AGAIN}

    def one(it: Place) -> None:
        driver = drivers[it.provider]
        spared = it.provider in many or driver.capabilities.conditional
        apply(driver, work[it], just_read=planned.seen[it] if spared else None)

    each(work, _provider, one)


def prove_announced(planned: Planned, authorities: Authorities, waiting: Waiting) -> list[str]:
    """Return the servers, once all answer with what announce published.

    Raises:
        NotAnsweredError: announce has not published it, or a server does not have it.
    """
    expected: dict[str, list[Want]] = {}
    for it, snapshot in planned.seen.items():
        ours = manifests.read(snapshot, planned.owner).mine
        claims = {claim for claim in ours if claim.rule.phase is Phase.ANNOUNCE}
        needed = [w for w in planned.wants[it] if w.claim.rule.phase is Phase.ANNOUNCE]
        absent = [w.claim for w in needed if not _announced(_standing(snapshot, w.claim), w)]
        if absent:
            names = ", ".join(f"{claim.name} {claim.slot.type}" for claim in absent)
            raise NotAnsweredError(
                f"zone {it.zone}: not published yet: {names}", "run playbooks/announce.yml first"
            )
        expected[it.zone] = standing(snapshot, sorted(claims | {w.claim for w in needed}))
    return wait(expected, authorities, waiting)


def prove_published(planned: Planned, authorities: Authorities, waiting: Waiting) -> list[str]:
    """Return the servers, once all answer with what the plans leave.

    Raises:
        NotAnsweredError: a server does not by the end of the time.
    """
    expected: dict[str, list[Want]] = {}
    for it, plan in planned.plans.items():
        result = plan.result(planned.seen[it])
        expected[it.zone] = standing(result, [want.claim for want in planned.wants[it]])
    return wait(expected, authorities, waiting)


def standing(snapshot: Snapshot, claims: Iterable[Claim]) -> list[Want]:
    """Return what a zone holds of claims; those of which it holds nothing are left out."""
    found = (_standing(snapshot, claim) for claim in claims)
    return [want for want in found if want.values]


def _provider(it: Place) -> str:
    return it.provider


def _announced(there: Want, wanted: Want) -> bool:
    """Return whether announce has published a want: in SPF, beside older terms perhaps."""
    if wanted.claim.kind is not Kind.SPF:
        return sorted(there.values) == sorted(wanted.values)
    if len(there.values) != 1:
        return False
    record, ours = (txt.decode(found.values[0]).decode() for found in (there, wanted))
    return spf.merge(record, spf.terms(ours)) == spf.merge(record)


def _standing(snapshot: Snapshot, claim: Claim) -> Want:
    """Return what the zone holds of a claim: an SPF record may be a union with an older one."""
    held = [value for value in snapshot.values(claim.slot) if claim.covers(value)]
    return Want(claim, tuple(canonical(claim.slot.type, value) for value in held))
