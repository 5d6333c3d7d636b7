"""Who talks before the greeting is refused, who floods is told to come again; nobody else is."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

import abuse_dialog
from abuse_cases import NAMES, Case, decisive, mail, message
from abuse_sending import held
from abuse_strangers import stranger
from drill_kill import Say
from labkit import MAIL_HOSTS, on
from postwright.probe.result import awaited

FAMILIES = ("ipv4", "ipv6")
TAKEN = "250 2.1.5 Ok"
EARLY = "550 5.5.1 Protocol error"
OFFERS = Case("offers", TAKEN, mail("{sender}", "{other}"))
TALKS_FIRST = Case("talks first", EARLY, OFFERS.steps, early=True)
GREET_WAIT = 2.0
# Connections kept open from one address; prints how each was greeted.
HOLD = """
import json, socket, sys
address, source, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines = [socket.create_connection((address, 25), 60, (source, 0)) for _ in range(number)]
def greeting(line):
    said = b""
    while not (said.endswith(b"\\n") and said.splitlines()[-1][3:4] != b"-"):
        said += line.recv(4096) or b"closed \\n"
    return said.splitlines()[-1].decode()
print(json.dumps([greeting(line) for line in lines]))
"""


def asked(dialogs: list[dict[str, Any]], parallel: int = 12) -> list[str]:
    """Hold dialogs from the client; return every reply of all of them."""
    return [reply for replies in held("client", dialogs, parallel) for reply in replies]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_who_talks_before_the_greeting_is_refused(
    host: str, family: str, facts: dict[str, Any], say: Say
) -> None:
    address = facts["hosts"][host][family]
    with stranger(facts, family, 0) as source:
        start = time.time()
        early = TALKS_FIRST.dialog(NAMES[host], address, source)
        for _ in range(2):
            said = held("client", [early])[0]
            assert decisive(said).startswith(EARLY), said
            # Up to there it was served as anybody is, TLS with the host's certificate included.
            assert sum(reply.startswith("220") for reply in said) == 2, said
        # Who was refused mail for whom is there to be traced.
        since = f"--since=@{int(start)}"
        log = on(host, "journalctl", since, "SYSLOG_IDENTIFIER=postfix/postscreen")
        assert f"from=<{NAMES[host]['sender']}>, to=<{NAMES[host]['other']}>" in log
        # The same address is served once it has waited, and never waits again.
        honest = OFFERS.dialog(NAMES[host], address, source)
        took = []
        for _ in range(2):
            start = time.monotonic()
            assert decisive(held("client", [honest])[0]).startswith(TAKEN)
            took.append(time.monotonic() - start)
        say(f"{host} {family}: a first contact took {took[0]:.1f} s, a second {took[1]:.1f} s")
        assert took[0] > GREET_WAIT
        log = on(host, "journalctl", since, "SYSLOG_IDENTIFIER=postfix/postscreen")
        assert log.count(f"PASS NEW [{source}]") == 1
        assert log.count(f"PASS OLD [{source}]") == 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_the_operator_is_neither_tested_nor_limited(
    host: str, family: str, facts: dict[str, Any]
) -> None:
    offers = OFFERS.dialog(NAMES[host], facts["hosts"][host][family])
    with ExitStack() as stack:
        first = abuse_dialog.Session(offers)
        stack.enter_context(first.socket)
        first.socket.sendall(b"EHLO client.test\r\n")
        assert first.reply().startswith("220 ")
        assert first.reply().startswith("250-"), "what was said early is heard"
        for step in mail("", NAMES[host]["other"]):
            said = first.say(step.encode())
        assert said.startswith(TAKEN), said
        # More than one address may have, fewer than there can be.
        for _ in range(60):
            session = abuse_dialog.Session(offers)
            stack.enter_context(session.socket)
            assert session.reply().startswith("220 ")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_too_many_connections_are_told_to_come_again(
    host: str, family: str, facts: dict[str, Any], say: Say
) -> None:
    address = facts["hosts"][host][family]
    with stranger(facts, family, 1) as source:
        for what in ("at first sight", "when known"):
            found = json.loads(on("client", "python3", "-c", HOLD, address, source, "60"))
            greeted = Counter(each[:9] if each.startswith("4") else each[:3] for each in found)
            say(f"{host} {family}: 60 connections at once, {what}: {dict(greeted)}")
            assert greeted["421 4.7.0"] + greeted["220"] == 60
            assert 1 <= greeted["421 4.7.0"] <= 10
            quiet(host, source)
        with_limit = [Case("connects", "220", (), tls="none", hello="")] * 1300
        dialogs = [each.dialog(NAMES[host], address, source) for each in with_limit]
        found = asked(dialogs, 24)
        refused = sum(each.startswith("421 4.7.0") for each in found)
        say(f"{host} {family}: of 1300 connections in a minute {refused} are refused")
        assert 1 <= refused <= 300
        other = OFFERS.dialog(NAMES[host], address)
        assert decisive(held("client", [other])[0]).startswith(TAKEN)


def quiet(host: str, source: str) -> None:
    """Wait until a host has no connection from an address any more."""
    place = f"[{source}]" if ":" in source else source
    with awaited(60) as again:
        while again() and on(host, "ss", "-Htn", "state", "established", "dst", place).strip():
            pass


FLOODS = {
    # RSET in its place after 100 times, and an AUTH that fails after 10, are errors themselves.
    "messages": (
        [Case("messages", "250", ("MAIL FROM:<>\r\n", "RSET\r\n") * 95, tls="none")] * 7,
        r"450 4.7.1 Error: too much mail from ",
    ),
    "recipients": (
        [Case("recipients", "250", (*mail("", "{other}"), *mail("", "{other}")[1:] * 990))] * 3
        + [Case("recipients", "250", (*mail("", "{other}"), *mail("", "{other}")[1:] * 39))],
        r"450 4.7.1 Error: too many recipients from ",
    ),
    # No such mechanism: nobody's guess, so nobody is banned.
    "logins": (
        [Case("logins", "535", ("AUTH NONE\r\n",) * 9, port=465, tls="implicit")] * 68,
        r"450 4.7.1 Error: too many AUTH commands from ",
    ),
}


@pytest.mark.parametrize("what", FLOODS)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_who_asks_too_much_in_a_minute_is_told_to_come_again(
    host: str, what: str, facts: dict[str, Any], say: Say
) -> None:
    cases, reply = FLOODS[what]
    address = facts["hosts"][host]["ipv4"]
    with stranger(facts, "ipv4", 2 + list(FLOODS).index(what)) as source:
        found = asked([case.dialog(NAMES[host], address, source) for case in cases])
    counts = Counter(each[:9] for each in found)
    say(f"{host}: too many {what}: {dict(counts)}")
    assert [each for each in found if each.startswith(reply)], counts
    other = Case("other", "250", message("{sender}", "{other}")).dialog(NAMES[host], address)
    assert decisive(held("client", [other])[0]).startswith("250 2.0.0")


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_without_dns_a_sender_may_come_again(host: str, facts: dict[str, Any]) -> None:
    dialog = OFFERS.dialog(NAMES[host], facts["hosts"][host]["ipv4"])
    assert decisive(held("client", [dialog])[0]).startswith(TAKEN)
    on(host, "systemctl", "stop", "unbound")
    try:
        said = decisive(held("client", [dialog])[0])
        assert said.startswith("450 4.1.8"), said
    finally:
        on(host, "systemctl", "start", "unbound")
    with awaited(30) as again:
        while again() and not (said := decisive(held("client", [dialog])[0])).startswith(TAKEN):
            pass
    assert said.startswith(TAKEN), said
