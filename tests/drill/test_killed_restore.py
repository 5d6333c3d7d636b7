"""restore.yml killed (SIGKILL) at ten moments, one after the other: each message is back, once."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drill_kill import Disk, Moment, Reach, Say, moment, run_until
from labbackup import ACCOUNTS, TOOL, home, seen
from labfilling import filled
from labkit import MAIL_HOSTS, on, play
from postwright.backup.follow import UNIT

MESSAGES = 2000
HALF = f"{MESSAGES // 2} messages are back"


def moments(host: str) -> list[Moment]:
    """Return ten moments of a restore, from its first word to its last message."""
    restored, mail = "var/vmail/.restore", f"{home(host).lstrip('/')}/Maildir/**/"
    task = "What the mailbox lacks is back"
    disk = Disk(host)
    cut = partial(disk.cut, UNIT)
    copied = [
        moment(
            f"{number} messages are back",
            Reach.HOSTS,
            task,
            partial(cut, f"{mail}[cn][eu][rw]/*", number),
        )
        for number in (1, MESSAGES // 4, MESSAGES // 2, MESSAGES - 1)
    ]
    return [
        moment("the host is looked at", Reach.HOSTS, "All templates print this one value"),
        moment("parts are fetched", Reach.HOSTS, task, partial(cut, f"{restored}/*")),
        moment("all is fetched", Reach.HOSTS, task, partial(cut, f"{restored}/found")),
        moment("Dovecot takes in", Reach.HOSTS, task, partial(cut, f"{mail}tmp/*")),
        *copied,
        # From here on the unit is not ended: it goes on without whoever started it.
        moment("it begins", Reach.PROGRAM, task),
        moment(
            "the unit runs, and goes on",
            Reach.CONTROLLER,
            task,
            partial(disk.there, f"sys/fs/cgroup/system.slice/{UNIT}"),
        ),
    ]


def held(host: str) -> Counter[tuple[str, str, str]]:
    """Return (folder, flags, Message-ID) of what a host's account has."""
    messages = seen(host, f"{home(host)}/Maildir").messages
    return Counter((folder, flags, name) for folder, _, flags, name in messages)


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_restore_killed_at_ten_moments_brings_each_message_back_once(
    host: str, facts: dict[str, Any], say: Say, tmp_path: Path
) -> None:
    account = ACCOUNTS[host]
    filled(facts, host, [account], MESSAGES)
    before = held(host)
    assert before.total() >= MESSAGES
    on(host, TOOL, "run")
    on(host, "doveadm", "expunge", "-u", account, "mailbox", "*", "ALL")
    words = ("playbooks/restore.yml", "-e", f"account={account}")
    for each in moments(host):
        seconds = run_until(each, tmp_path / "killed.log", *words)
        say(f"{host}: killed after {seconds:.0f} s: {each.during}")
        if each.during == HALF:
            # As the timer would: a backup of what is half-way back.
            on(host, TOOL, "run")
    done = play(*words)
    assert done.status == 0, done.output[-3000:]
    say(f"{host}: {on(host, TOOL, 'restore', account).strip()}")
    assert held(host) == before
