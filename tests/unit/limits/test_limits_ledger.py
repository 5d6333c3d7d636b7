"""What an account may submit: counted by minute and day, over restarts, freezing and releasing."""

from __future__ import annotations

import sqlite3
import threading
from itertools import count
from pathlib import Path

import pytest

from postwright.limits.ledger import (
    DAY,
    FROZEN,
    MINUTE,
    OK,
    SLOWER,
    Frozen,
    Ledger,
    Limits,
    Offer,
    Verdict,
)

LIMITS = Limits(
    messages_per_minute=2, recipients_per_minute=5, messages_per_day=6, recipients_per_day=20
)
WHO = "taro@example.org"
NOW = 1_000_000.0
BY_HAND = Frozen(WHO, NOW, "by the operator", "", told=True)
IDS = count()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.sqlite")


def offered(
    ledger: Ledger, now: float, recipients: int = 1, login: str = WHO, limits: Limits = LIMITS
) -> Verdict:
    """Offer one message."""
    return ledger.offer(Offer(login, recipients, f"ID{next(IDS)}", "somewhere"), limits, now)


def test_a_minutes_messages_are_bounded_and_the_next_minute_is_free(ledger: Ledger) -> None:
    said = [offered(ledger, NOW + second) for second in (0, 1, 2)]
    assert said == [OK, OK, SLOWER]
    assert offered(ledger, NOW + 1 + MINUTE) == OK


def test_recipients_are_counted_not_messages_alone(ledger: Ledger) -> None:
    assert offered(ledger, NOW, 4) == OK
    assert offered(ledger, NOW, 2) == SLOWER
    assert offered(ledger, NOW, 2, "jiro@example.org") == OK


def test_a_day_over_the_limit_freezes_once_over_a_restart(ledger: Ledger) -> None:
    said = [offered(ledger, NOW + n) for n in range(8)]
    assert [bool(each.frozen_for) for each in said] == [False] * 6 + [True, False]
    again = Ledger(ledger.file)
    assert offered(again, NOW + 2 * DAY) == FROZEN
    assert [(each.login, each.told, each.last) for each in again.frozen()] == [
        (WHO, False, "somewhere")
    ]
    again.told(WHO)
    assert [each.told for each in ledger.frozen()] == [True]
    assert again.release(WHO)
    assert offered(again, NOW + 9) == OK
    assert not again.release(WHO)


def test_yesterdays_messages_count_no_more(ledger: Ledger) -> None:
    for n in range(6):
        offered(ledger, NOW + n)
    assert offered(ledger, NOW + DAY + 9) == OK


def test_the_day_slides_and_old_rows_go(ledger: Ledger) -> None:
    limits = Limits(10, 100, 4, 100)
    said = [offered(ledger, NOW + n * DAY / 4, limits=limits) for n in range(12)]
    assert said == [OK] * 12
    # Those of the day, and the one from which it is reckoned.
    rows = ledger._database.execute("SELECT count(*) FROM submitted").fetchone()
    assert rows[0] <= 6
    last = NOW + 11 * DAY / 4
    assert (
        offered(ledger, last, limits=limits).frozen_for == "5 messages to 5 recipients within a day"
    )


def test_a_clock_that_is_set_back_forgets_nothing(ledger: Ledger) -> None:
    assert [offered(ledger, NOW - n) for n in range(3)] == [OK, OK, SLOWER]


def test_who_submits_no_more_is_forgotten(ledger: Ledger) -> None:
    offered(ledger, NOW)
    offered(ledger, NOW + 9, login="jiro@example.org")
    ledger.forget(NOW + 5)
    assert ledger.taken(WHO, 0) == []
    assert len(ledger.taken("jiro@example.org", 0)) == 1


def test_the_operator_freezes_and_the_daemon_sees_it(ledger: Ledger) -> None:
    assert offered(ledger, NOW) == OK
    command = Ledger(ledger.file)
    assert command.freeze(BY_HAND)
    assert not command.freeze(BY_HAND)
    assert offered(ledger, NOW + 1) == FROZEN


def test_what_was_taken_of_late_is_known_by_its_queue_id(ledger: Ledger) -> None:
    for n, limits in enumerate((LIMITS, LIMITS, LIMITS)):
        ledger.offer(Offer(WHO, 1, f"Q{n}"), limits, NOW + n)
    # The third was told to come again.
    assert ledger.taken(WHO, NOW - 1) == ["Q0", "Q1"]
    assert ledger.taken(WHO, NOW) == ["Q1"]
    assert ledger.taken("jiro@example.org", 0) == []


def test_a_flood_over_many_connections_is_counted_exactly(ledger: Ledger) -> None:
    limits = Limits(10_000, 10_000, 50, 10_000)
    said: list[Verdict] = []

    def flood() -> None:
        said.extend(offered(ledger, NOW, limits=limits) for _ in range(25))

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert said.count(OK) == 50
    assert [bool(each.frozen_for) for each in said].count(True) == 1


def test_a_message_costs_no_write_to_the_disk_and_a_freeze_does(ledger: Ledger) -> None:
    offered(ledger, NOW)
    assert level(ledger) == ("wal", 1)
    ledger.freeze(BY_HAND)
    assert level(ledger) == ("wal", 2)


def level(ledger: Ledger) -> tuple[str, int]:
    """Return the journal's mode, and how the last change was forced to the disk."""
    database: sqlite3.Connection = ledger._database
    return tuple(  # type: ignore[return-value]
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    )
