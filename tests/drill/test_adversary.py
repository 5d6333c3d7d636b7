"""The other side lies about encryption: what leaves, what waits, and what the operator is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from adversary import Adversary
from adversary_cases import CASES, Case, Outcome
from drill_kill import Say
from labkit import on
from labmail import Post
from postwright.probe.result import awaited
from postwright.probe.submission import message, open_session, submit

SENDERS = {"mx1": "taro@alpha.test", "mx2": "saburo@gamma.test"}
PATIENCE = 120.0
"""Seconds until every message was delivered, or tried once and held."""


@dataclass(frozen=True)
class Seen:
    """What became of one message, and what the host that sent it says."""

    outcome: Outcome | None
    told: str


@pytest.fixture(scope="module")
def adversary(facts: dict[str, Any]) -> Iterator[Adversary]:
    """The adversary at work; mail that it made wait is deleted in the end."""
    found = Adversary(facts)
    with found.at_work():
        yield found
    for host in SENDERS:
        ids = [each["queue_id"] for each in queue(host) if found.run in json.dumps(each)]
        for each in ids:
            on(host, "postsuper", "-d", each)


def queue(host: str) -> list[dict[str, Any]]:
    """Return what waits on a host."""
    return [json.loads(line) for line in on(host, "postqueue", "-j").splitlines()]


def send(post: Post, adversary: Adversary, cases: list[Case], part: str) -> dict[str, str]:
    """Submit a message to each case's domain, on both releases; return where each log was."""
    begun = {}
    for host, sender in SENDERS.items():
        begun[host] = on(host, "journalctl", "-q", "-n", "0", "--show-cursor").split()[-1]
        with open_session(post.target(sender), 465, post.login(sender)) as session:
            for case in cases:
                recipient = f"{part}@{adversary.domain(case)}"
                reply = submit(session, sender, recipient, message(sender, recipient, case.name))
                assert reply.startswith("250"), reply
    return begun


def become(
    adversary: Adversary, cases: list[Case], part: str, begun: dict[str, str]
) -> dict[tuple[str, str], Seen]:
    """Return what became of each message, by host and case, once that is known of all."""
    found: dict[tuple[str, str], Seen] = {}
    with awaited(PATIENCE, 1.0) as again:
        while again() and len(found) < len(cases) * len(SENDERS):
            for host, cursor in begun.items():
                log = on(host, "journalctl", "-o", "cat", "-q", "--after-cursor", cursor)
                waits = {
                    each["address"]: each.get("delay_reason", "")
                    for queued in queue(host)
                    for each in queued["recipients"]
                }
                for case in cases:
                    if seen := _became(f"{part}@{adversary.domain(case)}", log, waits):
                        found[host, case.name] = seen
    return found


def _became(recipient: str, log: str, waits: dict[str, str]) -> Seen | None:
    if reason := waits.get(recipient):
        return Seen(Outcome.HELD, reason)
    if f"to=<{recipient}>" not in log or recipient in waits:
        return None
    domain = re.escape(recipient.partition("@")[2])
    made = rf"^(\w+) TLS connection established to mx\.{domain}\["
    return Seen(_delivered(re.findall(made, log, re.MULTILINE)), "")


def _delivered(labels: list[str]) -> Outcome:
    if not labels:
        return Outcome.CLEAR
    return Outcome.VERIFIED if labels[-1] == "Verified" else Outcome.ENCRYPTED


def test_nothing_that_was_promised_encryption_leaves_in_clear(
    facts: dict[str, Any], adversary: Adversary, say: Say
) -> None:
    post = Post(facts)
    prepared = [case for case in CASES if case.before]
    begun = send(post, adversary, prepared, "first")
    become(adversary, prepared, "first", begun)
    adversary.show(first=False)
    say(f"{len(CASES)} lies are told to {', '.join(SENDERS)}")
    begun = send(post, adversary, CASES, "then")
    seen = become(adversary, CASES, "then", begun)
    heard = adversary.heard()
    wrong = []
    say("the other side ...  |  what is asked for  |  seen on Debian 13, on Debian 12")
    for case in CASES:
        both = [seen.get((host, case.name)) for host in SENDERS]
        marks = [str(each.outcome) if each else "nothing yet" for each in both]
        told = next((each.told for each in both if each and each.outcome is Outcome.HELD), "")
        say(f"{case.name:16} {case.lie:70.70} {case.source:22} {marks[0]:22} {marks[1]}")
        if told:
            say(f"{'':16}   told: {told[:150]}")
        if any(mark != case.outcome for mark in marks):
            wrong.append(f"{case.name}: {case.outcome} expected, {marks} seen")
    clear = {each["case"] for each in heard if each["verb"] == "MAIL" and not each["tls"]}
    betrayed = clear - {case.name for case in CASES if case.outcome is Outcome.CLEAR}
    assert not wrong, "\n".join(wrong)
    assert not betrayed, betrayed
    say(f"{len(CASES)} cases, on two releases; in clear, where something was promised: none")
