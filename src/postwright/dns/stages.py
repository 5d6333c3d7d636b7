"""For hosts that stand: announce and cutover planned together, so that both are seen beforehand.

The second stage is planned on what the first one leaves. Its `observed` covers only what the first
does not touch: of the rest, the server's own forms of the values are known once they stand there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import manifest as manifests
from .apply import is_done, refuse_conflicts
from .claims import Claim, Kind, Phase
from .desired import Desired
from .drivers import Driver
from .errors import DnsError, StalePlanError, raise_all
from .known import is_key_of
from .look import Look
from .places import Place
from .plan import Change, Guards, Plan
from .planner import Task
from .records import Snapshot, canonical
from .renamed import renamed
from .run import Order, Planned, make_plans, plan_zone


@dataclass(frozen=True)
class Stage:
    """The plans of one phase, a zone each; those without changes are among them."""

    phase: Phase
    plans: tuple[Plan, ...]

    @property
    def changing(self) -> list[Plan]:
        """The plans that change their zone."""
        return [plan for plan in self.plans if plan.changes]


@dataclass(frozen=True)
class Staged:
    """Both stages, and what the operator has to know beside them."""

    announce: Planned
    cutover: Planned
    notes: tuple[str, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The plans of both stages, in order."""
        return (
            Stage(Phase.ANNOUNCE, tuple(self.announce.plans.values())),
            Stage(Phase.CUTOVER, tuple(self.cutover.plans.values())),
        )


def make_stages(
    drivers: Mapping[str, Driver], wanted: Desired, order: Order, look: Look | None = None
) -> Staged:
    """Read every zone and plan both phases. Nothing is changed.

    Mail is not directed to a host whose keys are neither published nor given (DKIM's, or of a
    backup MX TLS'): it is not built yet, as far as anybody here knows.

    Raises:
        DnsError: a provider refused or failed, or serves no zone for a domain.
    """
    first = make_plans(drivers, wanted, replace(order, phase=Phase.ANNOUNCE), look)
    after = {it: plan.result(first.seen[it]) for it, plan in first.plans.items()}
    waiting = _waiting(wanted, manifests.owned(after.values(), order.owner))
    withheld = {
        want.claim
        for request in wanted.requests
        if request.domain in waiting
        for want in request.wants
        if want.claim.rule.phase is Phase.CUTOVER
    }

    def held(claim: Claim) -> bool:
        return claim in withheld or wanted.held(claim)

    second = {}
    for it, snapshot in after.items():
        wants = [want for want in first.wants[it] if want.claim not in withheld]
        task = Task(wants, order.owner, Phase.CUTOVER, order.now, order.adopt, held)
        plan = plan_zone(drivers[it.provider], snapshot, task, look)
        second[it] = _beside(first.plans[it], plan, snapshot)
    notes = [
        f"{domain}: MX, DMARC and all else that directs mail wait: the keys of "
        f"{', '.join(hosts)} are neither published nor given"
        for domain, hosts in waiting.items()
    ]
    cutover = Planned(second, after, first.wants, first.manual, order.owner)
    notes += renamed(wanted, first.seen.values(), order.owner)
    return Staged(first, cutover, (*notes, *wanted.notes))


def refusals(stages: Sequence[Stage], guards: Guards) -> list[DnsError]:
    """Return why these plans must not be applied: conflicts, and too many deletions."""
    found: list[DnsError] = []
    try:
        refuse_conflicts([plan for stage in stages for plan in stage.plans])
    except DnsError as error:
        found.append(error)
    return [*found, *(error for stage in stages for error in guards.check(stage.plans))]


def refuse_stale(stages: Sequence[Stage], seen: Mapping[Place, Snapshot]) -> None:
    """Refuse stages of which any plan was made for another zone than there is now.

    Raises:
        StalePlanError: with every such zone; nothing was changed.
    """
    stale = {
        plan.zone
        for stage in stages
        for plan in stage.changing
        if seen[Place(plan.provider, plan.zone)].digest(plan.slots) != plan.observed
    }
    raise_all([_stale(zone, "nothing was changed") for zone in sorted(stale)])


def follow(first: Plan, second: Plan, seen: Snapshot) -> Plan:
    """Return the second stage's plan in the forms that the zone holds after the first.

    Raises:
        StalePlanError: the zone is not what the first stage leaves.
    """
    if not is_done(first, seen) or seen.digest(second.slots) != second.observed:
        raise _stale(second.zone, "its first stage is applied, this one is not")
    touched = {change.slot for change in first.changes}
    slots = tuple(sorted({*second.slots, *touched}))
    changes = tuple(
        _in_forms_of(seen, each) if each.slot in touched else each for each in second.changes
    )
    return replace(second, slots=slots, observed=seen.digest(slots), changes=changes)


def _in_forms_of(seen: Snapshot, change: Change) -> Change:
    kind, before = change.slot.type, seen.values(change.slot)
    forms = {canonical(kind, value): value for value in before}
    remove = tuple(sorted(forms[canonical(kind, value)] for value in change.remove))
    return replace(change, before=before, remove=remove)


def _beside(first: Plan, second: Plan, after: Snapshot) -> Plan:
    touched = {change.slot for change in first.changes}
    slots = tuple(slot for slot in second.slots if slot not in touched)
    return replace(second, slots=slots, observed=after.digest(slots))


def _waiting(wanted: Desired, published: set[Claim]) -> dict[str, list[str]]:
    """Return the hosts without any known key, by the domain that they should sign or queue for."""
    known = {claim.name for claim in published if claim.kind is Kind.DKIM}
    found: dict[str, list[str]] = {}
    for domain, host in wanted.unknown:
        if not any(is_key_of(host, domain, name) for name in known):
            found.setdefault(domain, []).append(host)
    for domain, host, tlsa in wanted.unready:
        if tlsa not in published:
            found.setdefault(domain, []).append(host)
    return found


def _stale(zone: str, done: str) -> StalePlanError:
    return StalePlanError(
        f"zone {zone} is not what the plan was made for: the plan was applied already, or somebody "
        f"else changed the zone; {done}",
        "plan again, and look at the new plan",
    )
