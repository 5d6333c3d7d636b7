"""A host that is called otherwise all at once: what its zones' manifests tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import manifest as manifests
from .claims import Claim, Kind
from .desired import Desired
from .records import Snapshot

ADDRESSES = (Kind.A, Kind.AAAA)


def renamed(wanted: Desired, seen: Iterable[Snapshot], owner: str) -> Iterator[str]:
    """Yield what to know where a new name has an address that only unwanted names of ours have.

    On hosts, preflight sees to it; whoever plans without them is told here.
    """
    wants = [
        (want, request.domain) for request in wanted.requests for want in request.wants
        if want.claim.kind in ADDRESSES
    ]  # fmt: skip
    known = {want.claim for want, _ in wants}
    former: dict[str, set[str]] = {}
    published: set[Claim] = set()
    for snapshot in seen:
        mine = manifests.read(snapshot, owner).mine
        published |= mine.keys()
        for claim in mine:
            if claim.kind in ADDRESSES and claim not in known and mine[claim].due is None:
                former.setdefault(claim.name, set()).update(snapshot.values(claim.slot))
    new: dict[str, set[str]] = {}
    for want, domain in wants:
        if domain is None and want.claim not in published:
            new.setdefault(want.claim.name, set()).update(want.values)
    for old, addresses in sorted(former.items()):
        for name in sorted(name for name, found in new.items() if found & addresses):
            yield (
                f"{name} takes the place of {old} at once, which many remember: state "
                f"mail_hostname: {old} and mail_other_names: [{name}] first (docs/rollovers.md)"
            )
