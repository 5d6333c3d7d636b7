"""A plan is made true, or refused: what it was made for has to be what is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from textwrap import shorten

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from .drivers import Driver
from .errors import AmbiguousError, ConflictError, StalePlanError
from .plan import Conflict, Plan
from .records import Snapshot, canonical

ATTEMPTS = 3
_SHOWN = 200


def apply(
    driver: Driver,
    plan: Plan,
    sleep: Callable[[float], None] = time.sleep,
    just_read: Snapshot | None = None,
) -> None:
    """Apply a plan to the zone as it is read now, or as `just_read` says.

    An update without an answer may have been done: the zone is read again before it is sent
    again, and what is found done is not repeated.

    Raises:
        ConflictError: the plan has conflicts; nothing was changed.
        StalePlanError: the zone has changed since; nothing was changed.
        CredentialError, ProviderError: the provider refused or failed; nothing was changed.
        AmbiguousError: it failed again and again without saying whether it was done.
    """
    refuse_conflicts([plan])
    if not plan.changes:
        return
    for attempt in Retrying(
        retry=retry_if_exception_type(AmbiguousError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, max=5),
        sleep=sleep,
        reraise=True,
    ):
        with attempt:
            first = attempt.retry_state.attempt_number == 1
            seen = just_read if first and just_read else driver.read(plan.zone)
            if not first and is_done(plan, seen):
                return
            if seen.digest(plan.slots) != plan.observed:
                raise _stale(plan) if first else _neither(plan)
            driver.apply(plan.zone, plan.changes)


def is_done(plan: Plan, seen: Snapshot) -> bool:
    """Return whether every touched set is as the plan leaves it."""
    return all(
        _forms(change.slot.type, seen.values(change.slot)) == _forms(change.slot.type, change.after)
        for change in plan.changes
    )


def refuse_conflicts(plans: list[Plan]) -> None:
    """Raise one error that shows every conflict of all plans; nothing where there are none."""
    blocks = [_block(plan, conflict) for plan in plans for conflict in plan.conflicts]
    if blocks:
        raise ConflictError(
            "this cannot be published, and nothing was changed:\n" + "\n".join(blocks),
            "mend each as said above, then run again (adopt takes several names, with commas)",
        )


def _block(plan: Plan, conflict: Conflict) -> str:
    values = "".join(f"\n        value {shorten(value, _SHOWN)}" for value in conflict.values)
    return (
        f"    zone {plan.zone} ({plan.provider}): {conflict.slot.name} {conflict.slot.type}: "
        f"{conflict.why}{values}\n        mend  {conflict.mend}"
    )


def _forms(kind: str, values: tuple[str, ...]) -> list[str]:
    return sorted(canonical(kind, value) for value in values)


def _neither(plan: Plan) -> StalePlanError:
    return StalePlanError(
        f"zone {plan.zone} is neither what the plan was made for nor what it leaves, after a "
        "change whose answer was lost: a part of it was made, or somebody else changed the zone",
        "run again: the plan is then made anew",
    )


def _stale(plan: Plan) -> StalePlanError:
    return StalePlanError(
        f"zone {plan.zone} is not what the plan was made for: somebody else changed it meanwhile; "
        "nothing was changed",
        "run again: the plan is then made anew",
    )
