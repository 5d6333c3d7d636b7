"""From a zone's changes to Cloudflare's batches. No I/O here.

Within a batch Cloudflare deletes first and posts last, in one transaction; so what is sent in one
batch needs no order. More than one batch does: a claim is written before the record it covers, and
goes after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from postwright.dns import manifest
from postwright.dns.errors import StalePlanError
from postwright.dns.plan import Change
from postwright.dns.records import Slot

from .cloudflare_records import Record, body

LIMIT = 200
"""Changes in one batch on the free plan; others take 3,500 (page batch-record-changes)."""


@dataclass
class Batch:
    """What one request does: ids to delete, records to post."""

    deletes: list[str] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.deletes) + len(self.posts)

    def __add__(self, other: Batch) -> Batch:
        return Batch(self.deletes + other.deletes, self.posts + other.posts)


def batches(
    zone: str, changes: Sequence[Change], records: Iterable[Record], limit: int = LIMIT
) -> list[Batch]:
    """Return the batches that make the changes, in order; the changes of one set stay together.

    Raises:
        StalePlanError: a touched set is not what the change was made for.
    """
    found: dict[Slot, dict[str, str]] = {}
    for record in records:
        found.setdefault(record.slot, {})[record.value] = record.id
    before, middle, after = [], [], []
    for change in changes:
        ids = found.get(change.slot, {})
        if sorted(ids) != sorted(change.before):
            raise StalePlanError(
                f"zone {zone}: {change.slot.name} {change.slot.type} is not what the plan was made "
                "for: somebody else changed it meanwhile; nothing was changed",
                "run again: the plan is then made anew",
            )
        come, go = _posts(change), _deletes(change, ids)
        if manifest.part_of(zone, change.slot):
            before += come
            after += go
        else:
            middle += [sum([*go, *come], Batch())]
    return list(_packed([*before, *middle, *after], limit))


def _posts(change: Change) -> list[Batch]:
    return [Batch(posts=[body(change.slot, change.ttl, value)]) for value in change.add]


def _deletes(change: Change, ids: Mapping[str, str]) -> list[Batch]:
    return [Batch(deletes=[ids[value]]) for value in change.remove]


def _packed(parts: Iterable[Batch], limit: int) -> Iterator[Batch]:
    """Yield full batches; a part that is longer than a batch is cut, what it adds going first."""
    batch = Batch()
    for part in parts:
        if len(part) > limit:
            pieces = [Batch(posts=[post]) for post in part.posts]
            pieces += [Batch(deletes=[identifier]) for identifier in part.deletes]
        else:
            pieces = [part]
        for piece in pieces:
            if len(batch) + len(piece) > limit:
                yield batch
                batch = Batch()
            batch += piece
    if len(batch):
        yield batch
