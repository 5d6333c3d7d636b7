"""What should be published, as zone-file text (RFC 1035 5.1) of each zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import manifest as manifests
from .claims import Claim, Want
from .places import Place
from .planner import ttl
from .stages import Staged


def zone_texts(staged: Staged) -> dict[str, str]:
    """Return each zone's text by its name.

    It is what the plans leave of ours: with the terms of an adopted SPF record, and with keys that
    only their hosts know, as far as they are published. Where another's value stands in a place of
    ours, what the inventory wants is said instead.
    """
    found: dict[str, dict[Claim, tuple[str, ...]]] = {}
    for it in staged.cutover.plans:
        found.setdefault(it.zone, {}).update(_ours(staged, it))
    return {zone: _text(zone, records) for zone, records in found.items()}


def manual_text(wants: Iterable[Want]) -> str:
    """Return the records of zones that no provider of the inventory serves."""
    head = "; No provider of the inventory serves these; ask whoever does.\n"
    return head + "".join(_lines({want.claim: want.values for want in wants}))


def _ours(staged: Staged, it: Place) -> dict[Claim, tuple[str, ...]]:
    planned, plan = staged.cutover, staged.cutover.plans[it]
    result = plan.result(planned.seen[it])
    wanted = {want.claim: want.values for want in planned.wants[it]}
    clashes = {c.slot for p in (staged.announce.plans[it], plan) for c in p.conflicts}
    found = {}
    for claim in wanted.keys() | manifests.read(result, planned.owner).mine.keys():
        standing = tuple(v for v in result.values(claim.slot) if claim.covers(v))
        withheld = claim in wanted and (claim.slot in clashes or not standing)
        found[claim] = wanted[claim] if withheld else standing
    return found


def _text(zone: str, records: Mapping[Claim, tuple[str, ...]]) -> str:
    return f"$ORIGIN {zone}.\n" + "".join(_lines(records))


def _lines(records: Mapping[Claim, tuple[str, ...]]) -> list[str]:
    return [
        f"{claim.name}. {ttl(claim.slot.type)} IN {claim.slot.type} {value}\n"
        for claim, values in sorted(records.items())
        for value in values
    ]
