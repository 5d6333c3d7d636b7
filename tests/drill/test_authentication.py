"""What judges that others wrote say of mail that left our hosts: direct, forwarded, and broken."""

from __future__ import annotations

import email
import json
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

import judges
from drill_kill import Say
from labkit import on
from labmail import Post

FRIEND = "friend@peer.test"
DIRECT = [("taro@alpha.test", FRIEND), ("saburo@gamma.test", FRIEND)]
# Which host seals, and in the end which hands over: mx1 is Debian 13, mx2 Debian 12.
FORWARDED = [
    (FRIEND, "friend@alpha.test", 1),
    (FRIEND, "friend@gamma.test", 1),
    ("saburo@gamma.test", "friend@alpha.test", 1),
    (FRIEND, "onward@gamma.test", 2),
    (FRIEND, "onward@alpha.test", 2),
]


@dataclass(frozen=True)
class Handed:
    """A message as the peer was handed it, by whom, under which name, and from which sender."""

    text: bytes
    address: str
    helo: str
    sender: str


@pytest.fixture(scope="module", autouse=True)
def opendkim(facts: dict[str, Any]) -> None:
    """OpenDKIM's library on `client`, and its program that judges one message."""
    on("client", "apt-get", "-qq", "update")
    on("client", "apt-get", "-qqy", "install", "--no-install-recommends", "opendkim-tools")


def _handed(facts: dict[str, Any], sender: str, recipient: str) -> Handed:
    """Send a message, and return it as the peer got it."""
    post = Post(facts)
    token, reply = post.send(sender, recipient)
    assert reply.startswith("250"), reply
    text = post.arrived(FRIEND, token)
    assert text is not None
    parsed = email.message_from_bytes(text)
    handed = re.match(r"from (\S+) \(\S+ \[(?:IPv6:)?([^\]]+)\]\)", parsed["Received"])
    assert handed is not None, parsed["Received"]
    helo, address = handed.groups()
    # What the peer's own server wrote on top is none of what it was handed.
    start = text.index(b"Received: from " + helo.encode())
    rest = text[text.index(b"\n", text.index(b"; ", start)) + 1 :]
    return Handed(rest, address, helo, parsed["Return-Path"].strip("<>"))


def _judged(facts: dict[str, Any], handed: Handed, say: Say) -> dict[str, Any]:
    """Return what the judges say."""
    found = judges.message(facts, handed.text, handed.address, handed.helo, handed.sender)
    found["opendkim"] = judges.opendkim(handed.text)
    say(json.dumps(found))
    return found


def _assert_signed_and_aligned(found: dict[str, Any]) -> None:
    assert found["dkim"] == [True, True]
    assert found["opendkim"] == {"rsa-sha256": "", "ed25519-sha256": ""}
    assert found["spf"] == "pass"
    assert "dmarc=pass" in found["authheaders"]


@pytest.mark.parametrize(("sender", "recipient"), DIRECT)
def test_judges_pass_what_our_accounts_send(
    facts: dict[str, Any], say: Say, sender: str, recipient: str
) -> None:
    found = _judged(facts, _handed(facts, sender, recipient), say)
    _assert_signed_and_aligned(found)
    assert found["seals"] == 0


@pytest.mark.parametrize(("sender", "recipient", "hops"), FORWARDED)
def test_judges_pass_what_is_forwarded(
    facts: dict[str, Any], say: Say, sender: str, recipient: str, hops: int
) -> None:
    found = _judged(facts, _handed(facts, sender, recipient), say)
    _assert_signed_and_aligned(found)
    assert (found["arc"], found["seals"]) == ("pass", hops), found["arc_said"]


@pytest.mark.parametrize("recipient", ["friend@alpha.test", "friend@gamma.test"])
def test_judges_fail_what_was_changed_and_what_another_hands_over(
    facts: dict[str, Any], say: Say, recipient: str
) -> None:
    handed = _handed(facts, FRIEND, recipient)
    body = handed.text.rindex(b"probe")
    changed = handed.text[:body] + b"forged" + handed.text[body + len(b"probe") :]
    stranger = facts["hosts"]["client"]["ipv4"]
    found = _judged(facts, replace(handed, text=changed, address=stranger), say)
    assert found["dkim"] == [False, False]
    assert set(found["opendkim"].values()) == {"opendkim-testmsg: dkim_eom(): Bad signature"}
    assert found["spf"] == "fail"
    assert "dmarc=fail" in found["authheaders"]
    assert found["arc"] == "fail"
