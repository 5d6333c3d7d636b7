"""What has to be free is added up where directories lie on one file system."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_modules import loaded

release_preflight = loaded("release_preflight")

FREE = {"/": 2000, "/var": 1500, "/boot": 150}


def test_one_file_system_needs_the_sum() -> None:
    together = release_preflight.sums(FREE, {"/": 1, "/var": 1, "/boot": 2})
    assert together == [(["/", "/var"], 3500), (["/boot"], 150)]


@pytest.mark.parametrize(("free", "named"), [(1, False), (1 << 40, True)])
def test_too_little_room_is_named_with_its_place(tmp_path: Path, free: int, named: bool) -> None:
    found = list(release_preflight.room({str(tmp_path): free, "/is/not/there": 1 << 40}))
    assert [what.partition(":")[0] for what, _ in found] == ([str(tmp_path)] if named else [])


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("Pin: release n=bookworm", True),
        ("Pin: release a=stable", True),
        ("Pin: release n=bookworm-backports", True),
        ("Pin: release o=Debian", False),
        ("Pin: version 1.2*", False),
    ],
)
def test_pins_to_a_release_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, named: bool
) -> None:
    (tmp_path / "50pins").write_text(f"Package: *\n{line}\nPin-Priority: 900\n", encoding="utf-8")
    monkeypatch.setattr(release_preflight, "PINS", ("/is/not/there", str(tmp_path)))
    assert bool(list(release_preflight.pins("bookworm"))) is named
