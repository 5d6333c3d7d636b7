"""A move that was left half-way is named before anything is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from postwright.moving.unfinished import Trouble, troubles

HERE, THERE = "here@beta.test", "there@beta.test"
BOTH = [HERE, THERE]


def found(state: Path, served: list[str], elsewhere: list[str]) -> list[Trouble]:
    """Return what stops a host that nothing moves from or to any more."""
    return list(troubles(served, elsewhere, [], state))


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """What the old host knows when one of two accounts has moved."""
    (tmp_path / "accounts").write_text(f"{HERE}\there\n{THERE}\tthere\n", encoding="utf-8")
    return tmp_path


def test_a_host_that_knows_of_no_move_has_no_trouble(tmp_path: Path) -> None:
    assert found(tmp_path / "moving", [HERE], []) == []


def test_while_it_lasts_nothing_is_wrong(half: Path) -> None:
    assert list(troubles(BOTH, BOTH, BOTH, half)) == []


def test_whoever_is_still_here_is_named_when_the_domain_leaves(half: Path) -> None:
    ((what, mend),) = found(half, [], BOTH)
    assert what.startswith(f"{HERE}: mail is still here")
    assert "playbooks/migrate.yml" in mend


def test_whoever_is_there_is_named_when_the_domain_stays(half: Path) -> None:
    ((what, _),) = found(half, BOTH, [])
    assert what.startswith(f"{THERE}: the mailbox lives")


def test_what_came_late_and_was_not_sent_on_is_named(half: Path) -> None:
    note = half / "next" / f"{THERE}.json"
    note.parent.mkdir()
    note.write_text("{}", encoding="utf-8")
    ((what, _),) = found(half, [], [THERE])
    assert what.startswith(f"{THERE}: mail is still here")


def test_an_account_that_is_gone_stops_nothing(half: Path) -> None:
    assert found(half, [], [THERE]) == []
