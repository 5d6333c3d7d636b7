"""The manifest: what of a zone is ours, written in the zone itself.

It is the TXT set at `_postwright.<zone>`, one value per claim, and where that is full (BIND serves
no set of over 100 records, Cloudflare keeps 8,192 characters a set) those at `_postwright-2.<zone>`
and so on, without a gap:

    postwright1 o=OWNER k=KIND n=NAME [d=DUE] [keep=TERM TERM ...]

NAME is relative to the zone (`@` is the apex). DUE is when a record that is wanted no more may go.
`keep` holds the SPF terms that were adopted: they are the operator's and stay. What cannot be read
so is not ours and stays untouched. Being in the zone, it survives the loss of the controller, and
two controllers see the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from . import txt
from .claims import Claim, Kind
from .records import RecordSet, Slot, Snapshot

LABEL = "_postwright"
VERSION = "postwright1"
_TIME = "%Y%m%dT%H%MZ"
_MOST_ASKED = 100


@dataclass(frozen=True)
class Entry:
    """One claim of one owner; `due` is an aware time in UTC, to the minute."""

    owner: str
    claim: Claim
    due: datetime | None = None
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A zone's manifest as one owner sees it.

    `mine` holds our entries; `others` says who owns the claims of others; `raw` holds where our
    entries stand and their texts as they were read.
    """

    mine: dict[Claim, Entry]
    others: dict[Claim, str]
    raw: dict[Claim, tuple[tuple[Slot, str], ...]]


def slot(zone: str, part: int = 1) -> Slot:
    """Return where a part of a zone's manifest stands."""
    return Slot(f"{LABEL}-{part}.{zone}" if part > 1 else f"{LABEL}.{zone}", "TXT")


def part_of(zone: str, found: Slot) -> int | None:
    """Return which part of a zone's manifest stands at a slot; None for any other slot."""
    match = re.fullmatch(rf"{LABEL}(?:-([1-9]\d*))?", found.name.removesuffix(f".{zone}"))
    part = int(match[1] or 1) if match else 0
    return part if part and slot(zone, part) == found else None


def parts(snapshot: Snapshot) -> Iterator[tuple[int, Slot]]:
    """Yield the parts that a zone has, in order."""
    yield from sorted(
        (part, found) for found in snapshot.sets if (part := part_of(snapshot.zone, found))
    )


def ask(zone: str, owner: str, values_at: Callable[[Slot], tuple[str, ...]]) -> Manifest:
    """Return a manifest where a zone cannot be read whole, by asking for part after part."""
    sets: dict[Slot, RecordSet] = {}
    for part in range(1, _MOST_ASKED + 1):
        values = values_at(place := slot(zone, part))
        # Where a wildcard answers, every part seems to be there.
        if not any(_parse(value, zone) for value in values):
            break
        sets[place] = RecordSet(0, values)
    return read(Snapshot(zone, sets), owner)


def read(snapshot: Snapshot, owner: str) -> Manifest:
    """Return the manifest that stands in a zone.

    A snapshot holds what the zone holds, never what a wildcard answers, so a record at `*` is no
    manifest of anything.
    """
    manifest = Manifest({}, {}, {})
    standing = [(at, value) for _, at in parts(snapshot) for value in snapshot.values(at)]
    for at, value in standing:
        entry = _parse(value, snapshot.zone)
        if entry is None:
            continue
        if entry.owner != owner:
            manifest.others[entry.claim] = entry.owner
            continue
        manifest.mine[entry.claim] = entry
        manifest.raw[entry.claim] = (*manifest.raw.get(entry.claim, ()), (at, value))
    return manifest


def owned(snapshots: Iterable[Snapshot], owner: str) -> set[Claim]:
    """Return what the manifests of several zones list as an owner's."""
    return {claim for snapshot in snapshots for claim in read(snapshot, owner).mine}


def text(entry: Entry, zone: str) -> str:
    """Return an entry as the presentation text of a TXT record."""
    relative = entry.claim.name.removesuffix(zone).removesuffix(".") or "@"
    words = [VERSION, f"o={entry.owner}", f"k={entry.claim.kind}", f"n={relative}"]
    if entry.due:
        words.append(f"d={entry.due.astimezone(UTC).strftime(_TIME)}")
    if entry.keep:
        words.append(f"keep={' '.join(entry.keep)}")
    return txt.encode(" ".join(words).encode())


def _parse(value: str, zone: str) -> Entry | None:
    line = txt.decode(value).decode("utf-8", "replace")
    head, _, keep = line.partition(" keep=")
    version, *words = head.split()[:5] or [""]
    fields = dict(word.partition("=")[::2] for word in words)
    if version != VERSION or not {"o", "k", "n"} <= fields.keys():
        return None
    name = zone if fields["n"] == "@" else f"{fields['n']}.{zone}"
    try:
        due = datetime.strptime(fields["d"], _TIME).replace(tzinfo=UTC) if "d" in fields else None
        claim = Claim(Kind(fields["k"]), name)
    except ValueError:
        # A later version's kind: it is not for this version to touch.
        return None
    return Entry(fields["o"], claim, due, tuple(keep.split()))
