"""The password of backups rolled over on both releases: at once, killed, and where nothing goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import backup_target as target
from drill_kill import Disk, Reach, Say, inside, moment, run_until
from labkit import MAIL_HOSTS, Play, on, play
from postwright.model.backup_spec import BackupSpec
from postwright.model.backups import host_password
from test_rollovers import changed

HOST = "mx1"
PLACE = "/srv/backup"
FIRST = "correct horse battery staple"
"""As the lab's inventory has it."""
NEEDLESS = "opens nothing any more"


def spec(new: str, old: str | None = None) -> dict[str, Any]:
    """Return `mail_backup` with a password, and the one before."""
    return {"repository": PLACE, "password": new} | ({"old_password": old} if old else {})


def extra(said: dict[str, Any]) -> tuple[str, str]:
    """Return `mail_backup` as words of a command."""
    return "-e", json.dumps({"mail_backup": said})


def rotate(said: dict[str, Any], *more: str) -> Play:
    """Roll the password over by its own command."""
    return play("playbooks/rotate.yml", "-e", "rotate=backup", *extra(said), *more)


def opens(host: str, password: str, repository: str = "") -> bool:
    """Tell whether a password of the inventory opens a host's repository, by restic alone."""
    own = host_password(BackupSpec(repository=PLACE, password=password).password, host)
    file = "/root/tried"
    on(host, "sh", "-c", f"umask 077; echo {own} >{file}")
    words = ("restic", "--no-cache", "--no-lock", "-r", repository or f"{PLACE}/{host}",
             "--password-file", file, "snapshots")  # fmt: skip
    said = on(host, "sh", "-c", f"{' '.join(words)} 2>&1; rm {file}")
    assert ("postwright" in said) != ("wrong password or no key found" in said), said
    return "postwright" in said


def good_alone(new: str, old: str) -> None:
    """See that on both hosts the new password alone opens the backups, which restore."""
    for host in MAIL_HOSTS:
        assert (opens(host, new), opens(host, old)) == (True, False)
        for verb in ("run", "test"):
            code, said = target.run(host, verb)
            assert code == 0, said


@pytest.fixture
def backed_up(facts: dict[str, Any]) -> Iterator[None]:
    """Both hosts with a backup by the inventory's password, and again afterwards."""
    for host in MAIL_HOSTS:
        code, said = target.run(host, "run")
        assert code == 0, said
    yield
    for host in MAIL_HOSTS:
        assert opens(host, FIRST)


def test_a_new_password_opens_the_backups_and_the_old_one_is_refused(
    backed_up: None, say: Say
) -> None:
    new = "another that is long enough"
    first = rotate(spec(new, FIRST))
    assert first.status == 0, first.output[-4000:]
    good_alone(new, FIRST)
    say("    rolled over by rotate=backup; both backups restored by the new password alone")
    again = rotate(spec(new, FIRST))
    assert (again.status, changed(again)) == (0, 0)
    assert again.output.count(NEEDLESS) == len(MAIL_HOSTS)
    neither = rotate(spec("a third that is long enough", "a fourth that is long enough"))
    assert neither.status != 0
    assert neither.output.count("opens neither with `password` nor with `old_password`")
    assert "mend: give `old_password` the value" in neither.output
    for name in ("hosts", "cutover"):
        back = play(f"playbooks/{name}.yml", *extra(spec(FIRST, new)))
        assert back.status == 0, back.output[-4000:]
    good_alone(FIRST, new)
    say("    rolled over by hosts and cutover; likewise")
    after = rotate(spec(FIRST))
    assert (after.status, after.output.count(NEEDLESS)) == (0, 0)
    for host in MAIL_HOSTS:
        assert "old_password" not in on(host, "ls", "/etc/postwright/backup")
    last = rotate(spec(FIRST))
    assert (last.status, changed(last)) == (0, 0)


def _restic(*words: str) -> bool:
    """Tell whether restic is at such work on the host."""
    for file in (inside(HOST) / "proc").glob("[0-9]*/cmdline"):
        try:
            said = file.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if said[0].endswith(b"restic") and all(word.encode() in said for word in words):
            return True
    return False


def _files() -> int:
    return len([*(inside(HOST) / f"srv/backup/{HOST}/keys").iterdir()])


@dataclass
class Removed:
    """Tells whether there is one file of a password again, after there were two."""

    two: bool = False

    def __call__(self) -> bool:
        """Look once more."""
        count = _files()
        self.two |= count == 2
        return self.two and count == 1


ROLLED = "The repository opens"
MOMENTS = (
    moment(
        "the old password is written down, and the new one is not",
        Reach.HOSTS,
        "The host knows the password of its repository",
        partial(Disk(HOST).there, "etc/postwright/backup/old_password"),
    ),
    moment("the new password is added", Reach.HOSTS, ROLLED, partial(_restic, "key", "add")),
    moment("the new one is there, and was not tried", Reach.HOSTS, ROLLED, lambda: _files() == 2),
    moment("the new one is tried", Reach.CONTROLLER, ROLLED, partial(_restic, "snapshots")),
    moment("the old one is removed", Reach.HOSTS, ROLLED, partial(_restic, "key", "remove")),
    moment(
        "the old one is gone, and nobody was told",
        Reach.HOSTS,
        ROLLED,
        Removed(),
    ),
)


def test_killed_anywhere_a_backup_goes_on_and_the_next_run_ends_right(
    backed_up: None, say: Say, tmp_path: Path
) -> None:
    old = FIRST
    for number, point in enumerate(MOMENTS):
        new = f"password number {number}, long enough" if point is not MOMENTS[-1] else FIRST
        words = ("playbooks/rotate.yml", "-e", "rotate=backup", *extra(spec(new, old)))
        seconds = run_until(point, tmp_path / "killed.log", *words)
        found = [each for each in (old, new) if opens(HOST, each)]
        say(f"    killed after {seconds:.0f} s, while {point.during}: {len(found)} open")
        assert found
        # As by the timer, now.
        code, said = target.run(HOST, "run")
        assert code == 0, said
        done = rotate(spec(new, old))
        assert done.status == 0, done.output[-4000:]
        assert [opens(host, each) for host in MAIL_HOSTS for each in (old, new)] == [
            False, True
        ] * len(MAIL_HOSTS)  # fmt: skip
        old = new
    good_alone(FIRST, "password number 0, long enough")
    for host in MAIL_HOSTS:
        assert len(on(host, "sh", "-c", f"ls {PLACE}/{host}/keys").split()) == 1


@pytest.fixture
def append_only(facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Both hosts with backups where nothing can be deleted; what `mail_backup` says."""
    target.made()
    said = target.spec(facts, append_only=True)
    target.authorize(list(target.turned_on(said).values()))
    for host in MAIL_HOSTS:
        code, text = target.run(host, "run")
        assert code == 0, text
    yield dict(json.loads(said)["mail_backup"])
    target.turned_off()


def test_an_append_only_target_keeps_the_old_one_until_another_credential_removes_it(
    append_only: dict[str, Any], say: Say
) -> None:
    said = append_only | {"password": "another that is long enough", "old_password": target.OPENS}
    for _ in range(2):
        done = rotate(said)
        assert done.status == 0, done.output[-4000:]
        assert done.output.count("the old password still opens the repository") == len(MAIL_HOSTS)
    assert changed(done) == 0
    for host in MAIL_HOSTS:
        file = done.output.split(f"postwright backup restic {host} ")[1].split("key remove ")[1]
        place = f"{target.PLACE}/{host}"
        files = on("peer", "ls", f"{place}/keys").split()
        assert len(files) == 2
        found = [each for each in files if each.startswith(file[:8])]
        say(f"    {host}: to be removed is {found[0][:8]}")
        on("peer", "rm", f"{place}/keys/{found[0]}")
        code, text = target.run(host, "run")
        assert code == 0, text
    assert rotate(said).output.count(NEEDLESS) == len(MAIL_HOSTS)
