"""Which SPF records of a plan receivers would give up on, counted through all that they include."""

from __future__ import annotations

from collections.abc import Sequence

from . import spf_count, txt
from .claims import Kind, Want
from .look import Look
from .plan import Conflict, Plan
from .records import Snapshot


def judge(
    plan: Plan, snapshot: Snapshot, wants: Sequence[Want], look: Look
) -> tuple[list[Conflict], list[str]]:
    """Return the records that must not be published so, and what is wrong already or not known."""
    conflicts: list[Conflict] = []
    notes: list[str] = []
    result, changed = plan.result(snapshot), {change.slot for change in plan.changes}
    for claim in (want.claim for want in wants if want.claim.kind is Kind.SPF):
        for value in filter(claim.covers, result.values(claim.slot)):
            record = txt.decode(value).decode("utf-8", "replace")
            made = spf_count.count(record, claim.name, look)
            notes += [f"not counted, in the SPF record at {claim.name}: {it}" for it in made.unsure]
            why = "; ".join(made.problems())
            if why and claim.slot in changed:
                mend = "take senders out of it that are used no more (RFC 7208 4.6.4)"
                conflicts.append(Conflict(claim.slot, (value,), why, mend, adoptable=False))
            elif why:
                notes.append(f"the SPF record at {claim.name}, as it stands: {why}")
    return conflicts, notes
