"""What an account may submit: counted by minute and day, over restarts, freezing and releasing."""

from __future__ import annotations

from pathlib import Path

import pytest

from postwright.limits.ledger import DAY, FROZEN, MINUTE, OK, SLOWER, Ledger, Limits
from postwright.limits.main import request, settings

LIMITS = Limits(
    messages_per_minute=2, recipients_per_minute=5, messages_per_day=6, recipients_per_day=20
)
WHO = "taro@example.org"
NOW = 1_000_000.0


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.sqlite")


def test_a_minutes_messages_are_bounded_and_the_next_minute_is_free(ledger: Ledger) -> None:
    said = [ledger.offer(WHO, 1, LIMITS, NOW + second) for second in (0, 1, 2)]
    assert said == [OK, OK, SLOWER]
    assert ledger.offer(WHO, 1, LIMITS, NOW + 1 + MINUTE) == OK


def test_recipients_are_counted_not_messages_alone(ledger: Ledger) -> None:
    assert ledger.offer(WHO, 4, LIMITS, NOW) == OK
    assert ledger.offer(WHO, 2, LIMITS, NOW) == SLOWER
    assert ledger.offer("jiro@example.org", 2, LIMITS, NOW) == OK


def test_a_day_over_the_limit_freezes_once_over_a_restart(ledger: Ledger) -> None:
    said = [ledger.offer(WHO, 1, LIMITS, NOW + n) for n in range(8)]
    assert [bool(each.frozen_for) for each in said] == [False] * 6 + [True, False]
    again = Ledger(ledger.file)
    assert again.offer(WHO, 1, LIMITS, NOW + 2 * DAY) == FROZEN
    assert [login for login, _, _ in again.frozen()] == [WHO]
    assert again.release(WHO)
    assert again.offer(WHO, 1, LIMITS, NOW + 9) == OK
    assert not again.release(WHO)


def test_the_operator_freezes(ledger: Ledger) -> None:
    ledger.freeze(WHO, "by the operator", NOW)
    assert ledger.offer(WHO, 1, LIMITS, NOW) == FROZEN


def test_an_account_has_limits_of_its_own() -> None:
    known = settings(
        '{"hostname": "mx", "limits": {"messages_per_minute": 1, "recipients_per_minute": 2,'
        ' "messages_per_day": 3, "recipients_per_day": 4}, "accounts": {"a@b": '
        '{"messages_per_day": 9}}}'
    )
    assert known.of("a@b") == Limits(1, 2, 9, 4)
    assert known.of("c@d") == Limits(1, 2, 3, 4)


def test_a_request_ends_at_the_empty_line() -> None:
    lines = iter([b"sasl_username=a=b\n", b"recipient_count=2\n", b"\n", b"x=y\n"])
    assert request(lines) == {"sasl_username": "a=b", "recipient_count": "2"}
    assert request(iter([b"cut=short\n"])) is None
