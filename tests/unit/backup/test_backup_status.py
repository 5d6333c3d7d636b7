"""When a host's backups are trouble, and what the operator is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import backup_samples
import pytest

from postwright.backup import proof, status
from postwright.backup.config import HOUR
from postwright.backup.status import Attempt, Good, Status
from postwright.backup.trouble import TroubleError

NOW = 1_700_000_000.0
CONFIG = replace(
    backup_samples.CONFIG,
    repository="/srv/backup/mx1",
    interval_hours=4,
    test_hours=24,
    keep={"hourly": 1},
)
FULL = Attempt(NOW, "the target is full", "give it more room")


def known(hours: float, **more: object) -> Status:
    """Return a status whose last good backup is so many hours old, and tested an hour ago."""
    good = Good(NOW - hours * HOUR, "abc", 7, 70, 70, 1.0)
    given = {"good": good, "tested": NOW - HOUR, **more}
    return Status(since=NOW - 1000 * HOUR, **given)  # type: ignore[arg-type]


def said(of: Status) -> str:
    """Return all troubles."""
    return "\n".join(status.troubles(of, CONFIG, NOW))


def test_young_and_tested_is_no_trouble() -> None:
    assert said(known(11)) == ""


def test_older_than_three_intervals_is_trouble_and_says_why() -> None:
    assert "The last good backup is of 2023-11-14" in said(known(13))
    assert "the target is full\nmend: give it more room" in said(known(13, backup=FULL))


def test_one_failure_within_the_intervals_is_none_yet() -> None:
    assert said(known(5, backup=FULL)) == ""


def test_a_failed_test_is_trouble_however_young_the_backup() -> None:
    assert "cannot be restored. 2023-11-14" in said(known(1, test=FULL))


def test_no_test_for_two_intervals_is_trouble() -> None:
    assert said(known(1, tested=NOW - 47 * HOUR)) == ""
    assert "mend: postwright-backup test" in said(known(1, tested=NOW - 49 * HOUR))


def test_a_host_that_has_none_yet_has_as_long() -> None:
    assert said(Status(since=NOW - 11 * HOUR, tested=NOW)) == ""
    assert "The last good backup is of never." in said(Status(since=NOW - 13 * HOUR, tested=NOW))


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    before = known(1, backup=FULL, test=Attempt(NOW), repository_id="f00")
    status.write(before, tmp_path)
    assert status.read(tmp_path) == before


def test_accounts_are_restored_in_groups_that_fit() -> None:
    sizes = {"a/1": 4, "a/2": 4, "a/3": 4, "a/4": 9}
    accounts = [proof.Account(name, size) for name, size in sizes.items()]
    groups = [[each.name for each in group] for group in proof.batches(accounts, 9)]
    assert groups == [["a/1", "a/2"], ["a/3"], ["a/4"]]


def test_an_account_that_never_fits_is_named() -> None:
    with pytest.raises(TroubleError, match=r"taro@alpha\.test has 10 bytes"):
        list(proof.batches([proof.Account("alpha.test/taro", 10)], 9))
