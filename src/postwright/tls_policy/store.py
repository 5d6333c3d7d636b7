"""The MTA-STS policies that were fetched, kept over restarts (role tls_policy)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .sts import Policy, parsed

_TABLE = """
CREATE TABLE IF NOT EXISTS policies (
    domain TEXT PRIMARY KEY, id TEXT, lines TEXT, fetched REAL, used REAL
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Kept:
    """A policy with the id it was fetched for; times in seconds since the epoch."""

    domain: str
    id: str
    policy: Policy
    fetched: float
    used: float

    @property
    def expires(self) -> float:
        """When it is no longer valid (RFC 8461 3.2: max_age)."""
        return self.fetched + self.policy.max_age


class Store:
    """A SQLite file: each change is whole or not there, whatever is killed when."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._open() as database:
            database.execute(_TABLE)

    def get(self, domain: str, now: float) -> Kept | None:
        """Return a domain's policy unless it has expired."""
        with self._open() as database:
            row = database.execute("SELECT * FROM policies WHERE domain = ?", (domain,)).fetchone()
        kept = _kept(row) if row else None
        return kept if kept and kept.expires > now else None

    def put(self, kept: Kept) -> None:
        """Keep a policy in the place of an earlier one."""
        row = (kept.domain, kept.id, "\n".join(kept.policy.lines), kept.fetched, kept.used)
        with self._open() as database:
            database.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?, ?)", row)

    def all(self) -> list[Kept]:
        """Return every policy."""
        with self._open() as database:
            return [_kept(row) for row in database.execute("SELECT * FROM policies")]

    def forget(self, domain: str) -> None:
        """Drop a domain's policy."""
        with self._open() as database:
            database.execute("DELETE FROM policies WHERE domain = ?", (domain,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            yield connection


def _kept(row: tuple[str, str, str, float, float]) -> Kept:
    domain, identifier, lines, fetched, used = row
    return Kept(domain, identifier, parsed(lines), fetched, used)
