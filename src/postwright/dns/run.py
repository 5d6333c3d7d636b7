"""The verbs: probe the providers, plan all zones, publish them, prove what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from . import caa, spf, spf_count, txt
from . import manifest as manifests
from .answers import Authorities, Waiting, wait
from .apply import apply, refuse_conflicts
from .claims import Claim, Kind, Phase, Want
from .desired import Desired
from .drivers import Driver
from .errors import DnsError, NotAnsweredError, SpfError, raise_all
from .look import Look
from .places import Place, Placed, each, place
from .plan import Guards, Plan
from .planner import Task, make_plan
from .records import Snapshot, canonical


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


def probe(drivers: Mapping[str, Driver], wanted: Desired) -> Placed:
    """Prove that every provider takes its key and lets it read and change every zone needed.

    Raises:
        DnsError: what is not so, of all providers and domains together.
    """
    placed = place(wanted.requests, drivers)
    each(placed.wants, _provider, lambda it: drivers[it.provider].probe(it.zone))
    return placed


def make_plans(drivers: Mapping[str, Driver], wanted: Desired, order: Order) -> Planned:
    """Read every zone and plan it. Nothing is changed, and conflicts stand in the plans.

    Raises:
        DnsError: a provider refused or failed, or serves no zone for a domain.
    """
    placed = place(wanted.requests, drivers, order.retire_zones)
    places = list(placed.wants)
    read = each(places, _provider, lambda it: drivers[it.provider].read(it.zone))
    seen = dict(zip(places, read, strict=True))
    plans = {
        it: make_plan(
            it.provider,
            seen[it],
            Task(placed.wants[it], order.owner, order.phase, order.now, order.adopt, wanted.held),
        )
        for it in places
    }
    manual = [*placed.unplaced, *wanted.asked]
    return Planned(plans, seen, placed.wants, manual, order.owner)


def check(planned: Planned, guards: Guards, look: Look | None = None) -> list[str]:
    """Refuse plans with conflicts, that delete too much, or with an SPF that costs too much.

    Returns what could not be judged, or is wrong already: SPF includes other people's records,
    which are looked up through `look`.

    Raises:
        ConflictError, GuardError, SpfError: nothing was changed.
    """
    plans = list(planned.plans.values())
    refuse_conflicts(plans)
    raise_all(guards.check(plans))
    errors, notes = _costs(planned, look) if look else ([], [])
    raise_all(errors)
    return notes


def check_caa(wanted: Desired, look: Look) -> list[str]:
    """Refuse to go on where a CAA keeps our CA from issuing what hosts need.

    Returns what could not be judged.

    Raises:
        ForbiddenError: it names record and mend; nothing was changed.
    """
    wrong, unsure = caa.check(wanted.orders, look, wanted.caa_names)
    raise_all(wrong)
    return [f"not known: {text}" for text in unsure]


def publish(drivers: Mapping[str, Driver], planned: Planned) -> None:
    """Apply all plans; those of other zones are applied even where one fails.

    Raises:
        DnsError: of all zones together.
    """
    plans = [plan for plan in planned.plans.values() if plan.changes]
    each(plans, lambda plan: plan.provider, lambda plan: apply(drivers[plan.provider], plan))


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
        standing = [
            _standing(snapshot, claim) for claim in sorted(claims | {w.claim for w in needed})
        ]
        if absent:
            names = ", ".join(f"{claim.name} {claim.slot.type}" for claim in absent)
            raise NotAnsweredError(
                f"zone {it.zone}: not published yet: {names}", "run playbooks/announce.yml first"
            )
        expected[it.zone] = [want for want in standing if want.values]
    return wait(expected, authorities, waiting)


def prove_published(planned: Planned, authorities: Authorities, waiting: Waiting) -> list[str]:
    """Return the servers, once all answer with what the plans leave.

    Raises:
        NotAnsweredError: a server does not by the end of the time.
    """
    expected: dict[str, list[Want]] = {}
    for it, plan in planned.plans.items():
        result = plan.result(planned.seen[it])
        standing = [_standing(result, want.claim) for want in planned.wants[it]]
        expected[it.zone] = [want for want in standing if want.values]
    return wait(expected, authorities, waiting)


def _costs(planned: Planned, look: Look) -> tuple[list[DnsError], list[str]]:
    """Return which SPF records receivers would give up on: those that change, and the others."""
    errors: list[DnsError] = []
    notes: list[str] = []
    for it, plan in planned.plans.items():
        result, changed = plan.result(planned.seen[it]), {change.slot for change in plan.changes}
        for want in planned.wants[it]:
            standing = _standing(result, want.claim).values
            if want.claim.kind is not Kind.SPF or not standing:
                continue
            record, name = txt.decode(standing[0]).decode("utf-8", "replace"), want.claim.name
            made = spf_count.count(record, name, look)
            said = [f"zone {it.zone}: the SPF record at {name}: {what}" for what in made.problems()]
            mend = "take senders out of it that are used no more (RFC 7208 4.6.4)"
            if want.claim.slot in changed:
                errors += [SpfError(f"{each}; nothing was changed", mend) for each in said]
            else:
                notes += said
            notes += [f"not counted, in the SPF record at {name}: {each}" for each in made.unsure]
    return errors, notes


def _provider(it: Place) -> str:
    return it.provider


def _announced(standing: Want, wanted: Want) -> bool:
    """Return whether announce has published a want: in SPF, beside older terms perhaps."""
    if wanted.claim.kind is not Kind.SPF:
        return sorted(standing.values) == sorted(wanted.values)
    if len(standing.values) != 1:
        return False
    record, ours = (txt.decode(found.values[0]).decode() for found in (standing, wanted))
    return spf.merge(record, spf.terms(ours)) == spf.merge(record)


def _standing(snapshot: Snapshot, claim: Claim) -> Want:
    """Return what the zone holds of a claim: an SPF record may be a union with an older one."""
    held = [value for value in snapshot.values(claim.slot) if claim.covers(value)]
    return Want(claim, tuple(canonical(claim.slot.type, value) for value in held))
