"""What each account submitted in the last day, and who is frozen (role limits)."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

MINUTE, DAY = 60, 86_400
# Each row has the sums up to itself, so that what lies between two times is the difference of two
# rows, however many lie between them. Only of what was taken is the queue id kept.
_TABLES = """
CREATE TABLE IF NOT EXISTS submitted (
    login TEXT, time REAL, offered INT, offered_recipients INT, taken INT, taken_recipients INT,
    queue_id TEXT, PRIMARY KEY (login, time, offered)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stopped (
    login TEXT PRIMARY KEY, time REAL, why TEXT, last TEXT, told INT
) WITHOUT ROWID;
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
    """Messages and recipients, up to some time or within some time."""

    messages: int = 0
    recipients: int = 0

    def since(self, earlier: Count) -> Count:
        """Return what came after an earlier count."""
        return Count(self.messages - earlier.messages, self.recipients - earlier.recipients)

    def plus(self, recipients: int) -> Count:
        """Return this and one message more."""
        return Count(self.messages + 1, self.recipients + recipients)


@dataclass(frozen=True)
class Sums:
    """What an account had offered up to a time, and what of that was taken."""

    time: float = 0.0
    offered: Count = Count()
    taken: Count = Count()


@dataclass(frozen=True)
class Offer:
    """One message that an account would submit; `origin` is for the postmaster to read."""

    login: str
    recipients: int
    queue_id: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Frozen:
    """An account that submits nothing: since when (seconds since 1970), why, after what message.

    `told` once what it had queued is held and the postmaster knows.
    """

    login: str
    since: float
    why: str
    last: str
    told: bool


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
    """A SQLite file that the daemon and the command share; each change is whole or not there.

    Its log is written ahead and not forced to the disk for each message: when a program dies
    nothing is lost; when the power fails, the last counts may be, and an account may submit a few
    messages more. That an account is frozen or released is forced (sqlite.org/pragma.html,
    "synchronous").
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        # In a flood the threads take turns: SQLite's own waiting is by chance, and may end in vain.
        self._turn = threading.Lock()
        self._database = sqlite3.connect(
            file, timeout=30, isolation_level=None, check_same_thread=False
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_TABLES)

    def forget(self, before: float) -> None:
        """Forget who submitted nothing since a time; `offer` forgets of those who go on."""
        with self._change(forced=False) as database:
            database.execute(
                "DELETE FROM submitted WHERE login IN"
                " (SELECT login FROM submitted GROUP BY login HAVING max(time) < ?)",
                (before,),
            )

    def offer(self, offer: Offer, limits: Limits, now: float) -> Verdict:
        """Judge one message at `now` (seconds since the epoch), and write it down."""
        with self._change(forced=False) as database:
            if database.execute("SELECT 1 FROM stopped WHERE login = ?", (offer.login,)).fetchone():
                return FROZEN
            last = _sums(database, offer.login)
            # A clock that is set back makes no earlier rows.
            now = max(now, last.time)
            yesterday = _sums(database, offer.login, now - DAY)
            minute = last.taken.since(_sums(database, offer.login, now - MINUTE).taken)
            day = last.offered.since(yesterday.offered)
            verdict = judged(limits, offer.recipients, minute, day)
            if not verdict.frozen_for:
                # All before the row from which the day is reckoned.
                old = (offer.login, yesterday.time)
                database.execute("DELETE FROM submitted WHERE login = ? AND time < ?", old)
                offered, taken = last.offered.plus(offer.recipients), last.taken
                if verdict is OK:
                    taken = taken.plus(offer.recipients)
                sums = (offered.messages, offered.recipients, taken.messages, taken.recipients)
                queue_id = offer.queue_id if verdict is OK else None
                row = (offer.login, now, *sums, queue_id)
                database.execute("INSERT INTO submitted VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                return verdict
        frozen = Frozen(offer.login, now, verdict.frozen_for, offer.origin, told=False)
        return verdict if self.freeze(frozen) else FROZEN

    def freeze(self, frozen: Frozen) -> bool:
        """Let an account submit nothing from now on; tell whether it might until now."""
        with self._change() as database:
            row = astuple(frozen)
            added = database.execute("INSERT OR IGNORE INTO stopped VALUES (?, ?, ?, ?, ?)", row)
            return bool(added.rowcount)

    def told(self, login: str) -> None:
        """Write down that the postmaster knows of a frozen account."""
        with self._change() as database:
            database.execute("UPDATE stopped SET told = 1 WHERE login = ?", (login,))

    def release(self, login: str) -> bool:
        """Let an account submit again, its counts anew; tell whether it was frozen."""
        with self._change() as database:
            database.execute("DELETE FROM submitted WHERE login = ?", (login,))
            return bool(database.execute("DELETE FROM stopped WHERE login = ?", (login,)).rowcount)

    def frozen(self) -> list[Frozen]:
        """Return who is frozen."""
        rows = self._database.execute(
            "SELECT login, time, why, last, told FROM stopped ORDER BY login"
        )
        return [
            Frozen(login, since, why, last, bool(told)) for login, since, why, last, told in rows
        ]

    def taken(self, login: str, since: float) -> list[str]:
        """Return the queue ids of what an account was allowed to submit since a time."""
        rows = self._database.execute(
            "SELECT queue_id FROM submitted WHERE login = ? AND time > ? AND queue_id IS NOT NULL",
            (login, since),
        )
        return [row[0] for row in rows]

    @contextmanager
    def _change(self, forced: bool = True) -> Iterator[sqlite3.Connection]:
        with self._turn:
            level = "FULL" if forced else "NORMAL"
            self._database.execute(f"PRAGMA synchronous = {level}")
            self._database.execute("BEGIN IMMEDIATE")
            # Commits, or takes back what an error left half done.
            with self._database:
                yield self._database


def _sums(database: sqlite3.Connection, login: str, until: float = math.inf) -> Sums:
    """Return an account's sums up to a time."""
    row = database.execute(
        "SELECT time, offered, offered_recipients, taken, taken_recipients FROM submitted"
        " WHERE login = ? AND time <= ? ORDER BY time DESC, offered DESC LIMIT 1",
        (login, until),
    ).fetchone()
    return Sums(row[0], Count(*row[1:3]), Count(*row[3:5])) if row else Sums()
