"""A plan as text, for people: before and after of what it touches, as a zone file says it."""

from __future__ import annotations

from collections.abc import Iterable

from .claims import Want
from .plan import Plan


def before(plan: Plan) -> str:
    """Return the touched record sets as they stand, values of others among them."""
    return _lines(
        f"{change.slot.name}. {change.slot.type} {value}"
        for change in plan.changes
        for value in change.before
    )


def after(plan: Plan) -> str:
    """Return the touched record sets as the plan leaves them."""
    return _lines(
        f"{change.slot.name}. {change.slot.type} {value}"
        for change in plan.changes
        for value in change.after
    )


def summary(plan: Plan) -> str:
    """Return a line on what the plan does to its zone."""
    added = sum(len(change.add) for change in plan.changes)
    removed = sum(len(change.remove) for change in plan.changes)
    return f"{plan.zone} ({plan.provider}): {added} values come, {removed} go"


def record(want: Want) -> str:
    """Return a want as one line of a zone file."""
    return f"{want.claim.name}. {want.claim.slot.type} {', '.join(want.values)}"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in sorted(lines))
