"""Restores that began to put mail back and did not end (role backup).

A backup that was made meanwhile has the mailbox half-way: the next run goes on with the one that
the first began with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .status import write_down

MARK = Path("/var/lib/postwright/restoring.json")


@dataclass(frozen=True)
class Unfinished:
    """A restore, by the words that it was started with.

    Attributes:
        account: DOMAIN/USER.
        folder, into: of the account, as the operator named them; or empty.
        snapshot: the backup that it began with.
    """

    account: str
    folder: str
    into: str
    snapshot: str

    @property
    def words(self) -> tuple[str, str, str]:
        """By what the same restore is known, whatever its backup."""
        return self.account, self.folder, self.into


def begun_with(account: str, folder: str, into: str, file: Path = MARK) -> str:
    """Return the backup that such a restore began with and did not end; empty where none did."""
    found = [each for each in _read(file) if each.words == (account, folder, into)]
    return found[0].snapshot if found else ""


def begin(restore: Unfinished, file: Path = MARK) -> None:
    """Write down that it begins."""
    _write([*_others(restore, file), restore], file)


def end(restore: Unfinished, file: Path = MARK) -> None:
    """Write down that it has ended."""
    _write(_others(restore, file), file)


def _others(restore: Unfinished, file: Path) -> list[Unfinished]:
    return [each for each in _read(file) if each.words != restore.words]


def _read(file: Path) -> list[Unfinished]:
    if not file.exists():
        return []
    return [Unfinished(**each) for each in json.loads(file.read_text(encoding="utf-8"))["restores"]]


def _write(restores: list[Unfinished], file: Path) -> None:
    write_down(file, {"restores": [asdict(each) for each in restores]})
