"""restore.yml killed (SIGKILL) at ten moments, one after the other: each message is back, once."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drill_kill import Disk, Moment, Reach, Say, inside, moment, run_until
from labbackup import ACCOUNTS, TOOL, home, seen
from labfilling import filled
from labkit import MAIL_HOSTS, on, play

MESSAGES = 2000
UNIT = "sys/fs/cgroup/system.slice/postwright-backup-restore.service/cgroup.kill"


def _cut(host: str, pattern: str, least: int) -> bool:
    """As soon as so many files are there, end the unit that brings the mail back, too."""
    root = inside(host)
    if sum(1 for _ in root.glob(pattern)) < least:
        return False
    if (root / UNIT).exists():
        (root / UNIT).write_text("1")
    return True


def moments(host: str) -> list[Moment]:
    """Return ten moments of a restore, from its first word to its last message."""
    restored, mail = "var/vmail/.restore", f"{home(host).lstrip('/')}/Maildir/**/"
    task = "What the mailbox lacks is back"
    unit = UNIT.rpartition("/")[0]
    copied = [
        moment(
            f"{number} messages are back",
            Reach.HOSTS,
            task,
            partial(_cut, host, f"{mail}[cn][eu][rw]/*", number),
        )
        for number in (1, MESSAGES // 4, MESSAGES // 2, MESSAGES - 1)
    ]
    return [
        moment("the host is looked at", Reach.HOSTS, "All templates print this one value"),
        moment("parts are fetched", Reach.HOSTS, task, partial(_cut, host, f"{restored}/*", 1)),
        moment("all is fetched", Reach.HOSTS, task, partial(_cut, host, f"{restored}/found", 1)),
        moment("Dovecot takes in", Reach.HOSTS, task, partial(_cut, host, f"{mail}tmp/*", 1)),
        *copied,
        # From here on the unit is not ended: it goes on without whoever started it.
        moment("it begins", Reach.PROGRAM, task),
        moment(
            "the unit runs, and goes on", Reach.CONTROLLER, task, partial(Disk(host).there, unit)
        ),
    ]


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_restore_killed_at_ten_moments_brings_each_message_back_once(
    host: str, facts: dict[str, Any], say: Say, tmp_path: Path
) -> None:
    account, maildir = ACCOUNTS[host], f"{home(host)}/Maildir"
    filled(facts, host, [account], MESSAGES)
    before = Counter(
        (folder, flags, name) for folder, _, flags, name in seen(host, maildir).messages
    )
    assert before.total() >= MESSAGES
    on(host, TOOL, "run")
    on(host, "doveadm", "expunge", "-u", account, "mailbox", "*", "ALL")
    on(host, "doveadm", "purge", "-u", account)
    words = ("playbooks/restore.yml", "-e", f"account={account}")
    for each in moments(host):
        seconds = run_until(each, tmp_path / "killed.log", *words)
        say(f"{host}: killed after {seconds:.0f} s: {each.during}")
    done = play(*words)
    assert done.status == 0, done.output[-3000:]
    say(f"{host}: {on(host, TOOL, 'restore', account).strip()}")
    found = Counter(
        (folder, flags, name) for folder, _, flags, name in seen(host, maildir).messages
    )
    assert found == before
