"""In which part of the manifest an entry stands: where it is; a new one goes where room is.

A part is full well before servers refuse it, so that another owner's entries find room too. Parts
have no gap, so that who can only ask for one after the other finds all: where one would become
empty, the last part's entries move there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import manifest as manifests
from .claims import Claim
from .manifest import Entry, Manifest
from .records import Slot, Snapshot, canonical

MOST_VALUES = 60
"""BIND serves no set of over 100 records (`max-records-per-type`)."""

MOST_CHARACTERS = 6000
"""Cloudflare keeps 8,192 a set."""


@dataclass
class _Part:
    """A set as it will be: what of ours stays or comes, what goes, and what is others'."""

    others: list[str]
    keep: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    add: list[str] = field(default_factory=list)

    @property
    def values(self) -> list[str]:
        return [*self.others, *self.keep, *self.add]

    def has_room_for(self, text: str) -> bool:
        size = len(text) + sum(map(len, self.values))
        return not self.values or (len(self.values) < MOST_VALUES and size <= MOST_CHARACTERS)


def slots(snapshot: Snapshot) -> list[Slot]:
    """Return where a zone's manifest stands, and where its next part would."""
    found = [at for _, at in manifests.parts(snapshot)]
    return [*found, _free(snapshot.zone, found)]


def changes(
    snapshot: Snapshot, manifest: Manifest, entries: Mapping[Claim, Entry]
) -> Iterator[tuple[Slot, list[str], list[str]]]:
    """Yield for each part what goes and what comes, so that the manifest lists these entries."""
    zone = snapshot.zone
    ours = {each for found in manifest.raw.values() for each in found}
    parts = {
        at: _Part([value for value in snapshot.values(at) if (at, value) not in ours])
        for _, at in manifests.parts(snapshot)
    }
    missing = []
    for claim in sorted(manifest.mine.keys() | entries.keys()):
        text = manifests.text(entries[claim], zone) if claim in entries else None
        kept = False
        for at, value in manifest.raw.get(claim, ()):
            stays = not kept and canonical("TXT", value) == text
            (parts[at].keep if stays else parts[at].remove).append(value)
            kept = kept or stays
        if text and not kept:
            missing.append(text)
    for text in missing:
        room = next((at for at, part in parts.items() if part.has_room_for(text)), None)
        at = room or _free(zone, list(parts))
        parts.setdefault(at, _Part([])).add.append(text)
    _close_gaps(parts)
    for at, part in parts.items():
        if part.remove or part.add:
            yield at, part.remove, part.add


def _close_gaps(parts: dict[Slot, _Part]) -> None:
    order = list(parts.values())
    for index, part in enumerate(order):
        later = [each for each in order[index + 1 :] if each.values]
        if not part.values and later and not later[-1].others:
            last = later[-1]
            part.add += [*(canonical("TXT", value) for value in last.keep), *last.add]
            last.remove, last.keep, last.add = [*last.remove, *last.keep], [], []


def _free(zone: str, found: list[Slot]) -> Slot:
    part = 1
    while manifests.slot(zone, part) in found:
        part += 1
    return manifests.slot(zone, part)
