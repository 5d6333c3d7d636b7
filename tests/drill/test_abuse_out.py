"""A stolen password: what it may send is bounded, one command stops it, others keep sending."""

from __future__ import annotations

import json
from typing import Any

import pytest

from abuse_accounts import FROZEN, PER_DAY, PER_MINUTE, Alerts, submitted
from abuse_cases import NAMES
from drill_kill import Say
from labfreeze import frozen_anywhere, postwright
from labkit import MAIL_HOSTS, on
from labmail import Post

ATTEMPTS = 600


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_a_flood_is_stopped_and_the_postmaster_told_once(
    account: tuple[str, str], facts: dict[str, Any], say: Say
) -> None:
    host, own = account
    other = NAMES[host]["other"]
    alerts = Alerts(facts, other, own)
    replies = submitted(facts, host, own, ATTEMPTS)
    counts = {
        code: sum(each.startswith(code) for each in replies) for code in ("250", "450", "550")
    }
    others = sorted({reply for reply in replies if reply[:3] not in counts})
    say(f"{host}: of {ATTEMPTS} submissions {counts} {others}")
    # Every attempt has its answer: a day's number is taken or put off, and all above it refused.
    # Each minute that the flood lasts lets as many pass again.
    assert counts["250"] + counts["450"] == PER_DAY, others
    assert counts["550"] == ATTEMPTS - PER_DAY
    assert counts["250"] >= PER_MINUTE
    assert alerts.one()
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
        (report,) = postwright("freeze", own)[host]
        assert [each["recipients"] for each in report["held"]] == [["friend@peer.test"]]
        waiting = [json.loads(line) for line in on(host, "postqueue", "-j").splitlines()]
        assert [each["queue_name"] for each in waiting if each["sender"] == own] == ["hold"]
        assert frozen_anywhere() == {(host, own)}
        assert submitted(facts, host, own)[0].startswith(FROZEN)
        (again,) = postwright("freeze", own)[host]
        assert (again["anew"], again["held"]) == (False, report["held"])
    finally:
        on("peer", "systemctl", "start", "postfix")
    (released,) = postwright("release", own)[host]
    assert (released["frozen"], len(released["held"])) == (None, 1)
    # Nobody has to flush the queue.
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
