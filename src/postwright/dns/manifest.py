"""The manifest: what of a zone is ours, written in the zone itself.

It is the TXT set at `_postwright.<zone>`, one value per claim:

    postwright1 o=OWNER k=KIND n=NAME [d=DUE] [keep=TERM TERM ...]

NAME is relative to the zone (`@` is the apex). DUE is when a record that is wanted no more may go.
`keep` holds the SPF terms that were adopted: they are the operator's and stay. What cannot be read
so is not ours and stays untouched. Being in the zone, it survives the loss of the controller, and
two controllers see the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from . import txt
from .claims import Claim, Kind
from .records import Slot, Snapshot

LABEL = "_postwright"
VERSION = "postwright1"
_TIME = "%Y%m%dT%H%MZ"


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

    `mine` holds our entries; `others` says who owns the claims of others; `raw` holds the
    texts of our entries as they were read.
    """

    mine: dict[Claim, Entry]
    others: dict[Claim, str]
    raw: dict[Claim, tuple[str, ...]]


def slot(zone: str) -> Slot:
    """Return where a zone's manifest stands."""
    return Slot(f"{LABEL}.{zone}", "TXT")


def read(snapshot: Snapshot, owner: str) -> Manifest:
    """Return the manifest that stands in a zone.

    A snapshot holds what the zone holds, never what a wildcard answers, so a record at `*` is no
    manifest of anything.
    """
    manifest = Manifest({}, {}, {})
    for value in snapshot.values(slot(snapshot.zone)):
        entry = _parse(value, snapshot.zone)
        if entry is None:
            continue
        if entry.owner != owner:
            manifest.others[entry.claim] = entry.owner
            continue
        manifest.mine[entry.claim] = entry
        manifest.raw[entry.claim] = (*manifest.raw.get(entry.claim, ()), value)
    return manifest


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
