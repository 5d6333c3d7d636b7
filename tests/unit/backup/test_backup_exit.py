"""The exit status of `postwright-backup`: by it a run of site.yml goes on, or stops."""

from __future__ import annotations

import os
from typing import Never

import pytest
from backup_samples import CONFIG

from postwright.backup import main
from postwright.backup.restic import NoRepositoryError, NotLetInError, WrongPasswordError
from postwright.backup.trouble import TroubleError


@pytest.mark.parametrize(
    ("verb", "error", "status"),
    [
        ("newest", TroubleError("unreachable", "mend"), os.EX_TEMPFAIL),
        ("newest", WrongPasswordError("another password", "mend"), os.EX_TEMPFAIL),
        ("newest", NotLetInError("not let in", "mend"), os.EX_NOPERM),
        ("init", TroubleError("unreachable", "mend"), os.EX_TEMPFAIL),
        ("init", NotLetInError("not let in", "mend"), os.EX_TEMPFAIL),
        ("init", WrongPasswordError("another password", "mend"), 1),
        ("prune", NoRepositoryError("/srv/mx1"), 1),
        ("restore", TroubleError("no account", "mend"), 1),
    ],
)
def test_an_error_ends_with_the_status_that_tells_what_it_is(
    verb: str, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Never:
        raise error

    words = ["taro@alpha.test"] if verb == "restore" else []
    monkeypatch.setattr("sys.argv", ["postwright-backup", verb, *words])
    monkeypatch.setattr(main, "read_config", lambda: CONFIG)
    monkeypatch.setattr(main, "_do", fails)
    assert main.main() == status
