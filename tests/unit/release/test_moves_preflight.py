"""A move that was left half-way is named before anything is changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from release_modules import loaded

HERE, THERE = "here@beta.test", "there@beta.test"


def judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **params: list[str]
) -> tuple[bool, list[dict[str, str]]]:
    """Return whether the host knows of a move, and what stops it."""
    module = loaded("host_preflight")
    monkeypatch.setattr(module, "STATE", folder)
    wanted: dict[str, Any] = {"served": [], "served_elsewhere": [], "moving": []}
    preflight = module.Preflight(SimpleNamespace(params=wanted | params))
    preflight.moves()
    return preflight.host["moving"], preflight.problems


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """What the old host knows when one of two accounts has moved."""
    record = tmp_path / "moving" / "accounts"
    record.parent.mkdir()
    record.write_text(f"{HERE}\there\n{THERE}\tthere\n", encoding="utf-8")
    return tmp_path


def test_a_host_that_knows_of_no_move_has_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(tmp_path, monkeypatch, served=[HERE]) == (False, [])


def test_while_it_lasts_nothing_is_wrong(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [HERE, THERE]
    assert judged(half, monkeypatch, served=both, served_elsewhere=both, moving=both) == (True, [])


def test_whoever_is_still_here_is_named_when_the_domain_leaves(
    half: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (problem,) = judged(half, monkeypatch, served_elsewhere=[HERE, THERE])
    assert problem["what"].startswith(f"{HERE}: mail is still here")
    assert "playbooks/migrate.yml" in problem["mend"]


def test_whoever_is_there_is_named_when_the_domain_stays(
    half: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (problem,) = judged(half, monkeypatch, served=[HERE, THERE])
    assert problem["what"].startswith(f"{THERE}: the mailbox lives")


def test_what_came_late_and_was_not_sent_on_is_named(
    half: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = half / "moving" / "next" / f"{THERE}.json"
    note.parent.mkdir()
    note.write_text("{}", encoding="utf-8")
    _, (problem,) = judged(half, monkeypatch, served_elsewhere=[THERE])
    assert problem["what"].startswith(f"{THERE}: mail is still here")


def test_an_account_that_is_gone_stops_nothing(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(half, monkeypatch, served_elsewhere=[THERE]) == (True, [])
