"""A domain moves from Debian 13 to 12 and back, under load: nothing lost, nothing twice."""

from __future__ import annotations

import imaplib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import feed
from drill_kill import Say
from drill_state import driver
from labkit import Play, on, play
from labmailboxes import View, difference
from labmbsync import Mbsync
from moving_domain import (
    DOMAIN,
    DRAINED,
    HOSTNAMES,
    PASSWORD,
    Clients,
    accounts,
    filled_on,
    handed_on,
    idle,
    login,
    seen_at,
    server,
    settle,
    stated,
    used,
)
from postwright.dns.records import Slot
from postwright.probe.mailbox import Imap, read_pop3
from postwright.probe.wire import Smtp

BOXES, STREAMS, MESSAGES, PER_SECOND = 50, 5, 10_000, 10.0
SYNCHRONISED, IDLE = 3, 3
AIM = 10.0
"""Seconds that no client is refused for longer."""
AGAIN = {"mx1": (), "mx2": ("--check", "--diff")}
"""Words for the second run, by the host that is left: nothing changes, and nothing would."""


@dataclass(frozen=True)
class Story:
    """What was seen of one move."""

    old: str
    new: str
    words: tuple[str, ...]
    first: Play
    before: View
    after: View
    by_the_old_name: View
    over_pop3: bytes | None
    clients: Clients
    told: list[str]
    letters: dict[str, float]
    found: dict[str, int]
    submitted: dict[str, int]
    received: tuple[int, int]
    copies: tuple[object, object]


@pytest.fixture(scope="module")
def settled(lab_facts: dict[str, Any], say: Say, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The domain on mx1, its mailboxes filled."""
    folder = tmp_path_factory.mktemp("move")
    settle(folder, BOXES + STREAMS, "mx1")
    size = filled_on(lab_facts, "mx1", accounts(BOXES), MESSAGES)
    say(f"{MESSAGES} messages in {BOXES} mailboxes, {size / 1e6:.0f} MB")
    return folder


@pytest.fixture(scope="module", params=[("mx1", "mx2"), ("mx2", "mx1")], ids="-to-".join)
def story(
    request: pytest.FixtureRequest, settled: Path, lab_facts: dict[str, Any], say: Say
) -> Story:
    """Go through a move."""
    old, new = request.param
    boxes, streams = accounts(BOXES + STREAMS)[:BOXES], accounts(BOXES + STREAMS)[BOXES:]
    before = seen_at(lab_facts, old, boxes)
    client = Mbsync(HOSTNAMES[old], PASSWORD, boxes[:SYNCHRONISED])
    client.install(lab_facts["ca_file"])
    received, copies = client.synchronise(), client.held()
    words = ("playbooks/migrate.yml", "-e", stated(settled, BOXES + STREAMS, new, old))
    token = f"feed-{secrets.token_hex(4)}"
    with (
        feed.fed(token, PER_SECOND, streams) as stream,
        used(server(lab_facts, old), streams[0], f"used-{token}") as clients,
        # By the time of the switch, Dovecot has one process for all of them.
        idle(server(lab_facts, old), boxes[-IDLE:]) as told,
    ):
        first = play(*words)
    say(f"{old} to {new} in {first.seconds:.0f} s; {_refusal(first)}")
    say(f"reading: longest refusal {clients.reading.longest:.1f} s, {clients.reading}")
    say(f"submitting: longest refusal {clients.submitting.longest:.1f} s")
    say(f"the last words to {IDLE} idle sessions: {told}")
    assert first.status == 0, first.output[-4000:]
    stream.drained(DRAINED)
    handed_on(old, new)
    letters = stream.acknowledged()
    say(f"{len(letters)} letters came meanwhile, {len(clients.sent)} were submitted")
    story = Story(
        old=old,
        new=new,
        words=words,
        first=first,
        before=before,
        after=seen_at(lab_facts, new, boxes),
        by_the_old_name=seen_at(lab_facts, old, boxes),
        over_pop3=read_pop3(server(lab_facts, old), 995, login(boxes[0]), "Number 0"),
        clients=clients,
        told=told,
        letters=letters,
        found=dict(feed.delivered(new, token)),
        submitted=dict(feed.delivered(new, f"used-{token}")),
        received=(received, client.synchronise()),
        copies=(copies, client.held()),
    )
    found, wanted = story.found | story.submitted, {*letters, *clients.sent}
    lost, double = len(wanted - found.keys()), sum(count > 1 for count in found.values())
    say(f"{lost} of them lost, {double} double; mbsync received {story.received[0]} bytes before")
    say(f"and {story.received[1]} bytes afterwards")
    return story


@pytest.fixture(scope="module")
def ended(settled: Path) -> Play:
    """The lab as it is stated: the domain on mx1, and no move."""
    return play("site.yml")


def _refusal(done: Play) -> str:
    found = re.search(r"longest refusal: [^\n]*", done.output)
    return found.group() if found else "nothing was switched"


def test_clients_see_the_same_mailboxes_at_the_new_host(story: Story) -> None:
    assert difference(story.before, story.after) == []


def test_clients_see_the_same_mailboxes_by_the_old_hosts_name(story: Story) -> None:
    assert difference(story.before, story.by_the_old_name) == []


def test_pop3_hands_out_the_same_by_the_old_hosts_name(story: Story) -> None:
    assert story.over_pop3
    assert b"@filled.test>" in story.over_pop3


def test_every_letter_that_was_taken_meanwhile_is_there_once(story: Story) -> None:
    assert story.letters
    assert {name: story.found.get(name, 0) for name in story.letters} == dict.fromkeys(
        story.letters, 1
    )


def test_every_submitted_message_is_there_once(story: Story) -> None:
    sent = story.clients.sent
    assert sent
    assert {name: story.submitted.get(name, 0) for name in sent} == dict.fromkeys(sent, 1)


def test_nobody_is_refused_for_long(story: Story) -> None:
    reading, submitting = story.clients.reading, story.clients.submitting
    assert reading.served
    assert reading.longest < AIM, reading.said
    # No account is held for what it submits; but Dovecot starts anew as the move begins.
    assert submitting.served
    assert submitting.longest < AIM, submitting.said


def test_a_client_that_has_copies_transfers_only_what_is_new(story: Story) -> None:
    whole, again = story.received
    assert again < whole / 10
    assert story.copies[0] == story.copies[1]


def test_no_idle_session_is_left_with_the_old_host(story: Story) -> None:
    assert len(story.told) == IDLE
    # Dovecot 2.3's process for idle sessions ends without a word where it starts anew.
    goodbye = "* BYE " if story.old == "mx1" else ("* ", "+ ")
    assert all(line.startswith(goodbye) for line in story.told), story.told


def test_the_same_run_again_changes_nothing(story: Story) -> None:
    second = play(*story.words, *AGAIN[story.old])
    assert second.status == 0, second.output[-4000:]
    changed = {host: said["changed"] for host, said in second.recap().items()}
    assert changed == dict.fromkeys(changed, 0)


def test_the_end_of_a_move_is_a_plain_run(ended: Play) -> None:
    assert ended.status == 0, ended.output[-4000:]


def test_the_host_that_was_left_takes_no_mail_for_the_domain(
    ended: Play, lab_facts: dict[str, Any]
) -> None:
    with Smtp(server(lab_facts, "mx2"), 25) as session:
        session.hello("client.test")
        assert session.command("MAIL FROM:<somebody@client.test>").startswith("250")
        assert session.command(f"RCPT TO:<hanako@{DOMAIN}>").startswith("554 5.7.1")


def test_the_host_that_was_left_lets_nobody_in(ended: Play, lab_facts: dict[str, Any]) -> None:
    for host, let_in in (("mx1", True), ("mx2", False)):
        with Imap(server(lab_facts, host), 993) as imap:
            try:
                imap.login(f"hanako@{DOMAIN}", PASSWORD)
            except imaplib.IMAP4.error:
                assert not let_in
            else:
                assert let_in


def test_the_keys_of_the_host_that_was_left_retire(ended: Play) -> None:
    manifest = driver().read(DOMAIN).values(Slot(f"_postwright.{DOMAIN}", "TXT"))
    selectors = [value for value in manifest if "n=mx2-" in value]
    assert selectors
    assert all(" d=" in value for value in selectors)


def test_nothing_of_the_move_is_left_on_a_host(ended: Play) -> None:
    for host in HOSTNAMES:
        left = on(host, "sh", "-c", "ls -d /var/lib/postwright/moving /etc/postwright/moving.json "
                  "/usr/local/sbin/postwright-move /etc/systemd/system/postwright-moving.*; "
                  "grep postwright-move /root/.ssh/authorized_keys", status=None)  # fmt: skip
        assert left == "", host
