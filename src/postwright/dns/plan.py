"""A plan: pure data that says what one zone will get and what it must not have become meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from .errors import GuardError
from .records import RecordSet, Slot, Snapshot


@dataclass(frozen=True)
class Change:
    """What happens to one record set.

    `before` is the whole set as it was read (values of others too): the prerequisite. `remove` is
    part of it; `add` is canonical. `ttl` in seconds is the set's, whose values share one
    (RFC 2181 5.2): where others have values in it, theirs.
    """

    slot: Slot
    ttl: int
    before: tuple[str, ...]
    remove: tuple[str, ...]
    add: tuple[str, ...]

    @property
    def after(self) -> tuple[str, ...]:
        """The whole set as it will be."""
        return tuple(sorted([v for v in self.before if v not in self.remove] + list(self.add)))


@dataclass(frozen=True)
class Conflict:
    """A slot that we want and that is not ours; `adoptable` if the operator may decide so."""

    slot: Slot
    values: tuple[str, ...]
    why: str
    mend: str
    adoptable: bool


@dataclass(frozen=True)
class Plan:
    """One zone's changes, the manifest's last; `observed` is the digest of `slots` as read.

    `owned` counts the records that were ours, `deletions` those of them that go without having been
    told to before; the manifest counts as neither.
    """

    provider: str
    zone: str
    slots: tuple[Slot, ...]
    observed: str
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...]
    owned: int
    deletions: int

    def to_json(self) -> str:
        """Return the plan as JSON, which `from_json` reads."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan that `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: the text is no plan.
        """
        data: dict[str, Any] = json.loads(text)
        changes = tuple(
            Change(**{**_tuples(change), "slot": Slot(*change["slot"])})
            for change in data["changes"]
        )
        conflicts = tuple(
            Conflict(**{**_tuples(conflict), "slot": Slot(*conflict["slot"])})
            for conflict in data["conflicts"]
        )
        slots = tuple(Slot(*slot) for slot in data["slots"])
        more = {"changes": changes, "conflicts": conflicts, "slots": slots}
        return cls(**{**data, **more, "notes": tuple(data["notes"])})

    def result(self, snapshot: Snapshot) -> Snapshot:
        """Return the zone as it is after the plan."""
        sets = dict(snapshot.sets)
        for change in self.changes:
            if change.after:
                sets[change.slot] = RecordSet(change.ttl, change.after)
            else:
                sets.pop(change.slot, None)
        return replace(snapshot, sets=sets)


@dataclass(frozen=True)
class Guards:
    """How much may be deleted in one run. They count owned records only, and no planned retirement.

    `deletions` and `percent` hold for each zone, `zones` for the zones of a run that lose any.
    Up to `few` deletions in a zone the percentage is not asked: of three records, one is 33 %.
    """

    deletions: int = 10
    percent: int = 50
    zones: int = 5
    few: int = 3

    def check(self, plans: Iterable[Plan]) -> list[GuardError]:
        """Return why these plans must not be applied."""
        losing = [plan for plan in plans if plan.deletions]
        errors = [error for plan in losing if (error := self._of_zone(plan))]
        if len(losing) > self.zones:
            names = ", ".join(plan.zone for plan in losing)
            errors.append(
                GuardError(
                    f"{len(losing)} zones would lose records ({names}); {self.zones} may",
                    f"if that is meant, allow it: max_deletion_zones: {len(losing)}",
                )
            )
        return errors

    def _of_zone(self, plan: Plan) -> GuardError | None:
        what = f"zone {plan.zone}: {plan.deletions} of our {plan.owned} records would be deleted"
        if plan.deletions > self.deletions:
            return GuardError(
                f"{what}; {self.deletions} may",
                f"if that is meant, allow it: max_deletions: {plan.deletions}",
            )
        share = -(-100 * plan.deletions // plan.owned)
        if plan.deletions > self.few and share > self.percent:
            return GuardError(
                f"{what}, {share} %; {self.percent} % may",
                f"if that is meant, allow it: max_deletion_percent: {share}",
            )
        return None


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
