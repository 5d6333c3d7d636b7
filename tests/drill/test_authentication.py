"""What judges that others wrote say of mail that left our hosts: direct and forwarded."""

from __future__ import annotations

import email
import json
import re
from typing import Any

import pytest

import judges
from drill_kill import Say
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


def _judged(facts: dict[str, Any], sender: str, recipient: str, say: Say) -> dict[str, Any]:
    """Send a message, and return what the judges say of it as the peer got it."""
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
    found = judges.message(facts, rest, address, helo, parsed["Return-Path"].strip("<>"))
    say(f"{sender} to {recipient}: {json.dumps(found)}")
    return found


@pytest.mark.parametrize(("sender", "recipient"), DIRECT)
def test_judges_pass_what_our_accounts_send(
    facts: dict[str, Any], say: Say, sender: str, recipient: str
) -> None:
    found = _judged(facts, sender, recipient, say)
    assert found["dkim"] == [True, True]
    assert found["spf"] == "pass"
    assert "dmarc=pass" in found["authheaders"]
    assert found["seals"] == 0


@pytest.mark.parametrize(("sender", "recipient", "hops"), FORWARDED)
def test_judges_pass_what_is_forwarded(
    facts: dict[str, Any], say: Say, sender: str, recipient: str, hops: int
) -> None:
    found = _judged(facts, sender, recipient, say)
    assert found["dkim"] == [True, True]
    assert found["spf"] == "pass"
    assert "dmarc=pass" in found["authheaders"]
    assert (found["arc"], found["seals"]) == ("pass", hops), found["arc_said"]
