"""Was a move left half-way? Whom the inventory has on a host is there, and others are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from .places import GIVEN, THERE, note, written

Trouble = tuple[str, str]
"""What is wrong, and its mend."""


def troubles(
    served: Collection[str],
    elsewhere: Collection[str],
    moving: Collection[str],
    state: Path,
) -> Iterator[Trouble]:
    """Yield what would be lost sight of: accounts of this host, of others, and those that move."""
    away, still = [], []
    for address, place in written(state / "accounts").items():
        if address in moving:
            continue
        late = note(address, state).exists()
        if address in served and place in {THERE, GIVEN}:
            away.append(address)
        elif address in elsewhere and (place != THERE or late):
            still.append(address)
    for found, what in (
        (away, "the mailbox lives on another host, while the inventory has it here"),
        (still, "mail is still here, while the inventory has it elsewhere"),
    ):
        if found:
            yield (
                f"{', '.join(found)}: {what}",
                "state `hosts` and `moves_from` as they were and let playbooks/migrate.yml come to "
                f"its end (docs/migrate.md); or, if what is there may be lost, remove {state} on "
                "this host",
            )
