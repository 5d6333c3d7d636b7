"""A copy that a killed run began is over before the account lives on the new host."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from postwright.moving import old, places

ADDRESS = "hanako@beta.test"
ASKED = """
import sys
from itertools import count
from pathlib import Path

import pytest

from postwright.moving import old, places
from postwright.moving import new, places
state = Path(sys.argv[1])
for module in (places, new):
    module.STATE = state
places.ACCOUNTS, places.PLAN = state / "accounts", state / "plan.json"
new.serve(sys.argv[2:])
"""
# Says when it has begun; ends with its input, as `doveadm dsync-server` does.
DOVEADM = "#!/bin/sh\necho begun\ncat >/dev/null\n"


def test_a_copy_holds_its_lock_until_the_last_of_its_processes_ends(tmp_path: Path) -> None:
    move = {
        "domain": "beta.test",
        "arriving": True,
        "peer": {"name": "mx", "ipv4": "198.18.0.1"},
        "accounts": [ADDRESS],
    }
    plan = {"moves": [move], "ssh_ports": {"mx": 22}}
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    doveadm = tmp_path / "bin" / "doveadm"
    doveadm.parent.mkdir()
    doveadm.write_text(DOVEADM, encoding="utf-8")
    doveadm.chmod(0o755)
    words = [sys.executable, "-c", ASKED, str(tmp_path), "sync", ADDRESS, "dsync-server"]
    with (
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PATH": f"{doveadm.parent}:{os.environ['PATH']}"},
        ) as copy,
        (tmp_path / f"{ADDRESS}.lock").open("w") as lock,
    ):
        assert copy.stdout
        assert copy.stdin
        assert copy.stdout.readline() == b"begun\n"
        assert not taken(lock.fileno())
        copy.stdin.close()
        copy.wait()
        assert taken(lock.fileno())


def taken(lock: int) -> bool:
    """Tell whether a lock was free, and is ours now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_mail_that_comes_all_the_while_keeps_no_queue_from_being_drained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = count()

    def run(*words: str, **_: object) -> bytes:
        if words != ("postqueue", "-j"):
            return b""
        letter = {
            "queue_name": "active",
            "queue_id": f"id{next(coming)}",
            "recipients": [{"address": ADDRESS}],
        }
        return json.dumps(letter).encode()

    leaving = places.Account(ADDRESS, "beta.test", False, "mx", "198.18.0.1")
    monkeypatch.setattr(old, "accounts", lambda: [leaving])
    monkeypatch.setattr(old, "run", run)
    said: list[str] = []
    assert old.drain(0, said.append) == 0
    assert said == []
