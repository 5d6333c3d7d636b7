"""A stolen password: what it may send is bounded, one command stops it, others keep sending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from abuse_cases import NAMES, Case, decisive, message
from abuse_sending import held
from drill_kill import Say
from labkit import MAIL_HOSTS, on
from labmail import Post
from postwright.probe.mailbox import count_imap, read_imap

ATTEMPTS = 600
PER_MINUTE, PER_DAY = 60, 500
SUBMITS = Case("submits", "250", message("{own}", "{other}"), 465, "implicit", "{own}")
FROZEN = "550 5.7.1"


@pytest.fixture
def account(request: pytest.FixtureRequest, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A host and an account of it that has submitted nothing yet."""
    host = request.param
    own = NAMES[host]["own"]
    on(host, "postwright-limits", "release", own, status=None)
    yield host, own
    on(host, "postwright-limits", "release", own, status=None)


def submitted(facts: dict[str, Any], host: str, login: str, times: int = 1) -> list[str]:
    """Submit messages from the client; return the decisive reply to each."""
    names = {**NAMES[host], "own": login}
    dialog = SUBMITS.dialog(names, facts["hosts"][host]["ipv4"])
    return [decisive(replies) for replies in held("client", [dialog] * times, 20)]


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_a_flood_is_stopped_and_the_postmaster_told_once(
    account: tuple[str, str], facts: dict[str, Any], say: Say
) -> None:
    host, own = account
    other = NAMES[host]["other"]
    post = Post(facts)
    subject = f"{own} is frozen"
    login, target = post.login(other), post.target(other)
    before = count_imap(target, 993, login, subject)
    replies = submitted(facts, host, own, ATTEMPTS)
    counts = {
        code: sum(each.startswith(code) for each in replies) for code in ("250", "450", "550")
    }
    say(f"{host}: of {ATTEMPTS} submissions {counts}")
    # In a flood Postfix hangs up on some (smtpd_hard_error_limit); none of those was taken.
    others = {reply for reply in replies if reply[:3] not in counts}
    assert not [reply for reply in others if reply.startswith("2")], others
    # Each minute that the flood lasts lets as many pass again.
    assert PER_MINUTE <= counts["250"] < PER_DAY
    assert counts["550"] > 0
    assert read_imap(target, 993, login, subject, 60)
    assert count_imap(target, 993, login, subject) == before + 1
    assert submitted(facts, host, other)[0].startswith("250")
    on(host, "systemctl", "restart", "postwright-limits")
    assert submitted(facts, host, own)[0].startswith(FROZEN)
    on(host, "postwright-limits", "release", own)
    assert submitted(facts, host, own)[0].startswith("250")


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_freezing_holds_what_waits_and_releasing_lets_it_go(
    account: tuple[str, str], facts: dict[str, Any]
) -> None:
    host, own = account
    post = Post(facts)
    on("peer", "systemctl", "stop", "postfix")
    try:
        token, reply = post.send(own, "friend@peer.test")
        assert reply.startswith("250"), reply
        said = on(host, "postwright-limits", "freeze", own)
        assert "1 queued messages are held" in said
        waiting = [json.loads(line) for line in on(host, "postqueue", "-j").splitlines()]
        assert [each["queue_name"] for each in waiting if each["sender"] == own] == ["hold"]
        assert own in on(host, "postwright-limits", "frozen")
        assert submitted(facts, host, own)[0].startswith(FROZEN)
    finally:
        on("peer", "systemctl", "start", "postfix")
    assert "1 held messages are on their way" in on(host, "postwright-limits", "release", own)
    on(host, "postqueue", "-f")
    assert post.arrived("friend@peer.test", token)


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_without_the_daemon_submissions_come_again_and_mail_comes_in(
    account: tuple[str, str], facts: dict[str, Any]
) -> None:
    host, own = account
    on(host, "systemctl", "stop", "postwright-limits")
    try:
        assert submitted(facts, host, own)[0].startswith("451")
        token, reply = Post(facts).transfer(NAMES[host]["other"])
        assert reply.startswith("250"), reply
        assert Post(facts).arrived(NAMES[host]["other"], token)
    finally:
        on(host, "systemctl", "start", "postwright-limits")
