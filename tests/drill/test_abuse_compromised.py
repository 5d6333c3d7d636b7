"""A thief sends a thousand messages with a stolen password, over many connections at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from abuse_accounts import FROZEN, PER_DAY, Alerts, fresh, submitted
from abuse_cases import NAMES, Case, message
from abuse_sending import held
from drill_kill import Say
from labfreeze import frozen_anywhere, postwright
from labkit import BIN, MAIL_HOSTS, command, on
from labmail import Post
from postwright.probe.mailbox import Imap
from postwright.probe.result import awaited

CONNECTIONS, EACH = 25, 40
SETTINGS = "/etc/postwright/limits.json"


@pytest.fixture
def fast(account: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """An account whose minute lets as much pass as its day."""
    host, own = account
    before = on(host, "cat", SETTINGS)
    settings = json.loads(before)
    settings["accounts"][own] = {
        **settings["limits"], "messages_per_minute": PER_DAY, "recipients_per_minute": PER_DAY,
    }  # fmt: skip
    written(host, json.dumps(settings))
    yield account
    written(host, before)


def written(host: str, text: str) -> None:
    """Have the daemon run with other settings."""
    done = command("scripts/lab", "exec", host, "--", "tee", SETTINGS, input=text)
    assert done.returncode == 0, done.stderr
    on(host, "systemctl", "restart", "postwright-limits")


def queue(host: str, sender: str) -> dict[str, str]:
    """Return in which queue each message of a sender is, by its id."""
    waiting = map(json.loads, on(host, "postqueue", "-j").splitlines())
    return {each["queue_id"]: each["queue_name"] for each in waiting if each["sender"] == sender}


def disabled(host: str, login: str) -> int:
    """Return how often Dovecot refused a login as that of a disabled account."""
    pattern = rf"-login: .*\(user disabled.*user=<{login}>"
    words = ("journalctl", "-u", "dovecot", "-o", "cat", "-g", pattern)
    return on(host, *words, status=None).count("(user disabled")


def theft(facts: dict[str, Any], host: str) -> list[str]:
    """Send all that can be sent over each connection; return every reply."""
    # Postfix 3.7 keeps a transaction open whose message was refused at its end.
    steps = (*message("{own}", "{outsider}"), "RSET\r\n") * EACH
    case = Case("theft", "", steps, 465, "implicit", "{own}")
    dialog = case.dialog(NAMES[host], facts["hosts"][host]["ipv4"])
    dialogs = held("client", [dialog] * CONNECTIONS, CONNECTIONS)
    return [reply for replies in dialogs for reply in replies]


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_a_thief_is_stopped_at_the_limit_and_what_he_queued_is_held(
    fast: tuple[str, str], facts: dict[str, Any], say: Say
) -> None:
    host, own = fast
    other, post = NAMES[host]["other"], Post(facts)
    alerts = Alerts(facts, other, own)
    # Nothing leaves meanwhile, so that all that was taken can be counted.
    on("peer", "systemctl", "stop", "postfix")
    try:
        replies = theft(facts, host)
        taken = [each for each in replies if "queued as" in each]
        wrong = {each for each in replies if each[:1] in "45" and not each.startswith(FROZEN)}
        refused = sum(each.startswith(FROZEN) for each in replies)
        say(f"{host}: {len(taken)} taken, {refused} refused, {sorted(wrong)}")
        assert len(taken) == PER_DAY
        assert refused > 0
        # Postfix hangs up on who goes on after many refusals.
        assert all(each.startswith("421 4.7.0") for each in wrong)
        alert = alerts.one()
        assert f"{PER_DAY} messages of it were still in the queue and are held" in alert
        assert f"postwright release {own}" in alert
        assert set(queue(host, own).values()) == {"hold"}
        assert len(queue(host, own)) == PER_DAY
        (report,) = postwright("freeze", own)[host]
        assert (report["anew"], len(report["held"])) == (False, PER_DAY)
        assert submitted(facts, host, other)[0].startswith("250")
        token, reply = post.transfer(own)
        assert reply.startswith("250"), reply
        assert post.arrived(own, token)
        (released,) = postwright("release", own, "--delete-held")[host]
        assert len(released["held"]) == PER_DAY
        assert queue(host, own) == {}
        assert submitted(facts, host, own)[0].startswith("250")
    finally:
        on("peer", "systemctl", "start", "postfix")


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_an_interrupted_hold_is_done_again_and_told_once(
    fast: tuple[str, str], facts: dict[str, Any]
) -> None:
    host, own = fast
    alerts = Alerts(facts, NAMES[host]["other"], own)
    unit = "postwright-limits-freeze"
    on(host, "systemctl", "stop", f"{unit}.path")
    on("peer", "systemctl", "stop", "postfix")
    try:
        theft(facts, host)
        assert set(queue(host, own).values()) != {"hold"}
        on(host, "systemctl", "start", "--no-block", f"{unit}.service")
        with awaited(60) as again:
            while again() and "hold" not in queue(host, own).values():
                pass
        on(host, "systemctl", "kill", "--signal=KILL", f"{unit}.service")
        on(host, "systemctl", "stop", f"{unit}.service")
        on(host, "systemctl", "start", f"{unit}.path")
        assert f"{PER_DAY} messages of it" in alerts.one()
        assert set(queue(host, own).values()) == {"hold"}
        fresh(host, own)
    finally:
        on(host, "systemctl", "start", f"{unit}.path")
        on("peer", "systemctl", "start", "postfix")


@pytest.mark.parametrize("account", MAIL_HOSTS, indirect=True)
def test_who_is_locked_out_logs_in_nowhere_until_released(
    account: tuple[str, str], facts: dict[str, Any]
) -> None:
    host, own = account
    post = Post(facts)
    session, before = post.mailbox(own), disabled(host, own)
    (report,) = postwright("freeze", own, "--lock-out")[host]
    assert (report["locked_out"], report["sessions"]) == (True, 1)
    with pytest.raises((session.abort, OSError)):
        session.noop()
    session.shutdown()
    with Imap(post.target(own), 993) as again, pytest.raises(Imap.error):
        again.login(f'"{own}"', post.login(own).password)
    # Whoever reads mail with the right password guesses nothing: role bans counts `auth failed`.
    with awaited(30) as looking:
        while looking() and disabled(host, own) == before:
            pass
    assert disabled(host, own) == before + 1
    assert submitted(facts, host, own)[0].startswith("535")
    token, reply = post.transfer(own)
    assert reply.startswith("250"), reply
    assert postwright("release", own)[host][0]["anew"]
    assert post.arrived(own, token)
    assert submitted(facts, host, own)[0].startswith("250")


def test_a_host_that_is_away_holds_up_no_other(facts: dict[str, Any], tmp_path: Any) -> None:
    away = tmp_path / "away.yml"
    away.write_text("mail_hosts: {hosts: {mx2: {ansible_host: 198.18.255.254}}}\n")
    words = ("frozen", "-i", "inventory/lab", "-i", str(away))
    done = command(str(BIN / "postwright"), *words, "--json")
    assert done.returncode == 1
    assert "Not done on mx2" in done.stderr
    found = {each["host"]: each for each in json.loads(done.stdout)}
    assert found["mx1"]["trouble"] is None
    assert found["mx2"]["trouble"]


def test_what_is_no_account_is_refused_with_the_likely_one(facts: dict[str, Any]) -> None:
    done = command(str(BIN / "postwright"), "freeze", "tarro@alpha.test", "-i", "inventory/lab")
    assert done.returncode == 1
    assert "did you mean 'taro@alpha.test'?" in done.stderr
    assert frozen_anywhere() == set()
