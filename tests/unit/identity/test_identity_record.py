"""What a host remembers of how others know it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from postwright.identity import record
from postwright.identity.change import Known

A = "198.18.0.21"


def test_what_others_know_is_what_was_written_down(tmp_path: Path) -> None:
    assert record.remembered(tmp_path) is None
    known = Known("mx1.test", None, [A], {"mx1.test": 1}, {A: 1})
    (tmp_path / "identity.json").write_text(json.dumps(vars(known)), encoding="utf-8")
    assert record.remembered(tmp_path) == known


def test_a_host_that_was_set_up_before_goes_by_its_mailname(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailname = tmp_path / "mailname"
    mailname.write_text("mx1.test\n", encoding="utf-8")
    monkeypatch.setattr(record, "MAILNAME", mailname)
    (tmp_path / "loaded").mkdir()
    (tmp_path / "loaded/postfix.json").touch()
    assert record.remembered(tmp_path) == Known("mx1.test")
