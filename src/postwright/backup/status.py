"""How a host's backups went, and whether that is trouble (role backup)."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .config import HOUR, STATE, Config
from .trouble import TroubleError

# A test may be this many of its intervals late; a host that is off at night is no trouble.
TEST_INTERVALS = 2


@dataclass(frozen=True)
class Attempt:
    """One run: when it ended, and what was wrong, if anything was."""

    when: float
    said: str = ""
    mend: str = ""

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return not self.said


@dataclass(frozen=True)
class Good:
    """The newest backup that went well; `when` is the moment that it shows."""

    when: float
    snapshot: str
    messages: int
    size: int
    added: int
    seconds: float


@dataclass(frozen=True)
class Status:
    """What is known of a host's backups.

    `since` is when they were turned on, and `tested` when one was last restored and found whole.
    `password` is when the one that opened the repository was written, in nanoseconds.
    """

    since: float
    repository_id: str = ""
    password: int = 0
    backup: Attempt | None = None
    good: Good | None = None
    test: Attempt | None = None
    tested: float | None = None
    tests: int = 0
    pruned: float | None = None

    def but(self, **changes: object) -> Status:
        """Return this with other values."""
        return Status(**{**vars(self), **changes})


def read(folder: Path = STATE) -> Status:
    """Return what was written down."""
    file = folder / "status.json"
    if not file.exists():
        return Status(since=time.time())
    said = json.loads(file.read_text(encoding="utf-8"))
    for name, kind in (("backup", Attempt), ("test", Attempt), ("good", Good)):
        said[name] = kind(**said[name]) if said[name] else None
    return Status(**said)


def write(status: Status, folder: Path = STATE) -> None:
    """Write it down at once."""
    write_down(folder / "status.json", asdict(status))


def write_down(file: Path, known: dict[str, Any]) -> None:
    """Write a file so that it is there whole, or as it was, whatever happens."""
    new = file.with_name(f".{file.name}.new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(known, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def failed(error: TroubleError) -> Attempt:
    """Return a run that ended in an error."""
    return Attempt(time.time(), error.said, error.mend)


def troubles(status: Status, config: Config, now: float) -> list[str]:
    """Return what the operator has to hear of, each with its mend."""
    found = []
    last = status.good.when if status.good else status.since
    if now - last > config.alarm_intervals * config.interval_hours * HOUR:
        head = f"The last good backup is of {moment(status.good.when if status.good else None)}."
        found.append(_with(head, status.backup, "systemctl status postwright-backup.timer"))
    if status.test and not status.test.ok:
        found.append(_with("The newest backup cannot be restored.", status.test, ""))
    elif now - (status.tested or status.since) > TEST_INTERVALS * config.test_hours * HOUR:
        head = f"No backup was restored on trial since {moment(status.tested)}."
        found.append(f"{head}\nmend: postwright-backup test")
    return found


def moment(seconds: float | None) -> str:
    """Return a time as people read it, in UTC."""
    return "never" if not seconds else time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _with(head: str, attempt: Attempt | None, otherwise: str) -> str:
    if attempt and not attempt.ok:
        return f"{head} {moment(attempt.when)}: {attempt.said}\nmend: {attempt.mend}"
    return f"{head}\nmend: {otherwise}"
