"""What of a backup a mailbox does not have: each copy of a message counts (role backup)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from .manifest import Entry

Key = TypeVar("Key")


def lacking(wanted: Iterable[Entry], there: Iterable[Entry]) -> list[Entry]:
    """Return the messages that are not there, as often as they are not, in the order given.

    The folder does not matter, since a message may have been moved; but what lies where it lay
    stands for itself, and not for a copy in another folder.
    """
    left = Counter((each.folder, each.sha256) for each in there)
    elsewhere = [each for each in wanted if not _taken(left, (each.folder, each.sha256))]
    moved: Counter[str] = Counter()
    for (_, sha256), number in left.items():
        moved[sha256] += number
    return [each for each in elsewhere if not _taken(moved, each.sha256)]


def _taken(left: Counter[Key], key: Key) -> bool:
    """Take one of them away; return whether there was one."""
    if not left[key]:
        return False
    left[key] -= 1
    return True
