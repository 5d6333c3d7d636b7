"""A move killed again and again, its program on the host and then the playbook: it ends right."""

from __future__ import annotations

import random
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import feed
from drill_kill import Reach, Say, kill
from labkit import BIN, ROOT, on, play
from labmailboxes import View, difference
from moving_domain import DRAINED, accounts, filled_on, handed_on, seen_at, settle, stated

BOXES, STREAMS, MESSAGES, PER_SECOND = 12, 2, 600, 5.0
KILLS = 10
LONGEST = 6.0
OLD, NEW = "mx1", "mx2"
PROGRAM = "/usr/local/sbin/postwright-move"
COPY = "Mailboxes are copied while they are used"


@dataclass(frozen=True)
class Story:
    """What was seen before and after."""

    before: View
    after: View
    letters: dict[str, float]
    found: dict[str, int]
    status: int


@pytest.fixture(scope="module")
def story(facts: dict[str, Any], say: Say, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Kill the controller at the copy, then the program wherever it is, then run to the end."""
    folder, count = tmp_path_factory.mktemp("killed"), BOXES + STREAMS
    settle(folder, count, OLD)
    boxes, streams = accounts(count)[:BOXES], accounts(count)[BOXES:]
    filled_on(facts, OLD, boxes, MESSAGES)
    before = seen_at(facts, OLD, boxes)
    words = ("playbooks/migrate.yml", "-e", stated(folder, count, NEW, OLD))
    token = f"killed-{secrets.token_hex(4)}"
    with feed.fed(token, PER_SECOND, streams) as stream:
        _killed_at_the_copy(words, folder / "run.log")
        draw = random.Random(token)  # noqa: S311 - moments, and no secret
        for _ in range(KILLS):
            _killed_after(draw.uniform(0.3, LONGEST))
            say(on(OLD, "cut", "-f2", "/var/lib/postwright/moving/accounts", status=None))
        last = play(*words)
    stream.drained(DRAINED)
    handed_on(OLD)
    return Story(
        before,
        seen_at(facts, NEW, boxes),
        stream.acknowledged(),
        dict(feed.delivered(NEW, token)),
        last.status,
    )


def _killed_at_the_copy(words: tuple[str, ...], log: Path) -> None:
    with log.open("wb") as output:
        run = subprocess.Popen(
            [BIN / "ansible-playbook", "-i", "inventory/lab", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while COPY not in log.read_text(encoding="utf-8"):
        assert run.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.1)
    kill(run.pid, Reach.CONTROLLER)
    run.wait()


def _killed_after(seconds: float) -> None:
    """Start the switch, and kill it and what it started, without a word."""
    on(OLD, "systemd-run", "--quiet", "--collect", "--unit=killed", PROGRAM, "switch", status=None)
    time.sleep(seconds)
    on(OLD, "systemctl", "kill", "--signal=KILL", "killed", status=None)


def test_the_last_run_ends_well(story: Story) -> None:
    assert story.status == 0


def test_every_mailbox_is_as_it_was(story: Story) -> None:
    assert difference(story.before, story.after) == []


def test_every_letter_is_there_once(story: Story) -> None:
    assert story.letters
    assert {name: story.found.get(name, 0) for name in story.letters} == dict.fromkeys(
        story.letters, 1
    )
