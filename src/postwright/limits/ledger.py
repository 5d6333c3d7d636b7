"""What each account submitted in the last day, and who is frozen (role limits)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

MINUTE, DAY = 60, 86_400
_TABLES = """
CREATE TABLE IF NOT EXISTS offered (login TEXT, time REAL, recipients INT, taken INT);
CREATE INDEX IF NOT EXISTS offered_by_login ON offered (login, time);
CREATE TABLE IF NOT EXISTS frozen (login TEXT PRIMARY KEY, time REAL, why TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Limits:
    """Messages and recipients that an account may submit within a minute and within a day."""

    messages_per_minute: int
    recipients_per_minute: int
    messages_per_day: int
    recipients_per_day: int


@dataclass(frozen=True)
class Count:
    """Messages and recipients within some time."""

    messages: int
    recipients: int


@dataclass(frozen=True)
class Verdict:
    """What Postfix is told, and why the account was frozen just now, where it was."""

    action: str
    frozen_for: str = ""


OK = Verdict("DUNNO")
FROZEN = Verdict("550 5.7.1 This account is frozen; ask your postmaster")
SLOWER = Verdict("450 4.7.1 Too much mail within a minute; try again later")


def judged(limits: Limits, recipients: int, minute: Count, day: Count) -> Verdict:
    """Return the verdict on one more message, after what was taken in a minute, offered in a day.

    What was refused counts for the day, too: who goes on after hundreds of refusals is no person.
    """
    messages, people = day.messages + 1, day.recipients + recipients
    if messages > limits.messages_per_day or people > limits.recipients_per_day:
        return Verdict(FROZEN.action, f"{messages} messages to {people} recipients within a day")
    if minute.messages + 1 > limits.messages_per_minute:
        return SLOWER
    if minute.recipients + recipients > limits.recipients_per_minute:
        return SLOWER
    return OK


class Ledger:
    """A SQLite file: it survives restarts, and each change is whole or not there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        # In a flood the threads take turns: SQLite's own waiting is by chance, and may end in vain.
        self._turn = threading.Lock()
        with self._open() as database:
            database.executescript(_TABLES)

    def offer(self, login: str, recipients: int, limits: Limits, now: float) -> Verdict:
        """Judge one message at `now` (seconds since the epoch), and write it down."""
        with self._turn, self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            if database.execute("SELECT 1 FROM frozen WHERE login = ?", (login,)).fetchone():
                return FROZEN
            database.execute("DELETE FROM offered WHERE time < ?", (now - DAY,))
            minute = _count(database, login, now - MINUTE, taken=1)
            day = _count(database, login, now - DAY, taken=0)
            verdict = judged(limits, recipients, minute, day)
            row = (login, now, recipients, verdict is OK)
            database.execute("INSERT INTO offered VALUES (?, ?, ?, ?)", row)
            if verdict.frozen_for:
                why = (login, now, verdict.frozen_for)
                database.execute("INSERT INTO frozen VALUES (?, ?, ?)", why)
            return verdict

    def freeze(self, login: str, why: str, now: float) -> None:
        """Let an account submit nothing from now on."""
        with self._open() as database:
            row = (login, now, why)
            database.execute("INSERT OR IGNORE INTO frozen VALUES (?, ?, ?)", row)

    def release(self, login: str) -> bool:
        """Let an account submit again, its counts anew; tell whether it was frozen."""
        with self._open() as database:
            database.execute("DELETE FROM offered WHERE login = ?", (login,))
            return bool(database.execute("DELETE FROM frozen WHERE login = ?", (login,)).rowcount)

    def frozen(self) -> list[tuple[str, float, str]]:
        """Return who is frozen, since when and why."""
        with self._open() as database:
            return list(database.execute("SELECT login, time, why FROM frozen ORDER BY login"))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=10)) as database, database:
            yield database


def _count(database: sqlite3.Connection, login: str, since: float, taken: int) -> Count:
    """Count what was taken, or (0) all that was offered, since a time."""
    query = "SELECT count(*), total(recipients) FROM offered WHERE login = ? AND time > ?"
    row = database.execute(f"{query} AND taken >= ?", (login, since, taken)).fetchone()
    return Count(int(row[0]), int(row[1]))
