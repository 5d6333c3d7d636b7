"""A move killed again and again, its program on the host and then the playbook: it ends right."""

from __future__ import annotations

import random
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import feed
from drill_kill import Reach, Say, inside, kill
from labkit import BIN, ROOT, Play, flush_zone, on, play
from labmailboxes import View, difference
from moving_domain import (
    DOMAIN,
    DRAINED,
    Use,
    accounts,
    filled_on,
    forget,
    handed_on,
    read,
    seen_at,
    server,
    settle,
    stated,
)
from postwright.probe.result import awaited

BOXES, STREAMS, MESSAGES, PER_SECOND = 12, 2, 600, 5.0
KILLS = 10
LONGEST = 6.0
LET_IN = 45.0
"""Seconds after a kill in which whoever is held is let in again: the timer's 20, and some."""
OLD, NEW = "mx1", "mx2"
PROGRAM = "/usr/local/sbin/postwright-move"
RECORD = "var/lib/postwright/moving/accounts"
HELD_WITHIN = 300.0
COPY = "Mailboxes are copied while they are used"


@dataclass(frozen=True)
class Half:
    """A plain run of site.yml when some accounts have moved: where each is before and after it."""

    run: Play
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Story:
    """What was seen before and after."""

    before: View
    after: View
    letters: dict[str, float]
    found: dict[str, int]
    status: int
    held: Use
    half_way: Half


@pytest.fixture(scope="module")
def story(
    lab_facts: dict[str, Any], say: Say, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """Kill the controller at the copy, then the program wherever it is, then run to the end."""
    folder, count = tmp_path_factory.mktemp("killed"), BOXES + STREAMS
    settle(folder, count, OLD)
    boxes, streams = accounts(count)[:BOXES], accounts(count)[BOXES:]
    filled_on(lab_facts, OLD, boxes, MESSAGES)
    before = seen_at(lab_facts, OLD, boxes)
    words = ("playbooks/migrate.yml", "-e", stated(folder, count, NEW, OLD))
    token = f"killed-{secrets.token_hex(4)}"
    with feed.fed(token, PER_SECOND, streams) as stream:
        _killed_at_the_copy(words, folder / "run.log")
        held = _killed_while_held(lab_facts)
        say(f"killed in a hold: let in again after {held.longest:.1f} s")
        half_way = _site_half_way(words[1:])
        say(f"a plain site.yml half-way took {half_way.run.seconds:.0f} s")
        draw = random.Random(token)  # noqa: S311 - moments, and no secret
        for _ in range(KILLS):
            _killed_after(draw.uniform(0.3, LONGEST))
            say(f"killed with {dict(Counter(_places(OLD).values()))}")
        last = play(*words)
    stream.drained(DRAINED)
    handed_on(OLD, NEW)
    yield Story(
        before,
        seen_at(lab_facts, NEW, boxes),
        stream.acknowledged(),
        dict(feed.delivered(NEW, token)),
        last.status,
        held,
        half_way,
    )
    # The lab has the domain on the old host, where no move would let it be.
    forget()


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


def _start() -> None:
    on(OLD, "systemd-run", "--quiet", "--collect", "--unit=killed", PROGRAM, "switch", status=None)


def _killed_after(seconds: float) -> None:
    """Start the switch, and kill it and what it started, without a word."""
    _start()
    time.sleep(seconds)
    on(OLD, "systemctl", "kill", "--signal=KILL", "killed", status=None)


def _places(host: str) -> dict[str, str]:
    text = (inside(host) / RECORD).read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())


def _killed_while_held(lab_facts: dict[str, Any]) -> Use:
    """Kill the switch when some have moved and one is held; return how that one gets on."""
    _start()
    with awaited(HELD_WITHIN, pause=0.02) as again:
        while again():
            places = Counter(_places(OLD).values())
            if places["there"] >= BOXES // 4 and places["held"]:
                break
    (inside(OLD) / "sys/fs/cgroup/system.slice/killed.service/cgroup.kill").write_text("1")
    (address,) = [each for each, at in _places(OLD).items() if at in {"held", "given"}]
    use = Use()
    with awaited(2 * LET_IN) as again:
        while again():
            use.tried(lambda: read(server(lab_facts, OLD), address))
            if use.served:
                break
    return use


def _site_half_way(words: tuple[str, ...]) -> Half:
    # As the hour would for which others remember SPF without the new host (docs/migrate.md).
    flush_zone("ns1", zone=DOMAIN)
    before = on(OLD, "cat", f"/{RECORD}"), on(NEW, "cat", f"/{RECORD}")
    run = play("site.yml", *words)
    return Half(run, before, (on(OLD, "cat", f"/{RECORD}"), on(NEW, "cat", f"/{RECORD}")))


def test_the_last_run_ends_well(story: Story) -> None:
    assert story.status == 0


def test_every_mailbox_is_as_it_was(story: Story) -> None:
    assert difference(story.before, story.after) == []


def test_every_letter_is_there_once(story: Story) -> None:
    assert story.letters
    assert {name: story.found.get(name, 0) for name in story.letters} == dict.fromkeys(
        story.letters, 1
    )


def test_who_is_held_when_a_run_is_killed_is_let_in_again_without_another(story: Story) -> None:
    assert story.held.refused
    assert story.held.served
    assert story.held.longest < LET_IN, story.held.said


def test_a_plain_run_half_way_moves_nothing(story: Story) -> None:
    half = story.half_way
    assert half.run.status == 0, half.run.output[-4000:]
    assert "there" in half.before[0]
    assert "here" in half.before[0]
    assert half.after == half.before
