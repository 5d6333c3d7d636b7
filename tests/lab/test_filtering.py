"""What comes is judged, put where it belongs, and learnt from, on both releases."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from labkit import on
from labmail import SERVERS, Post
from postwright.probe.mailbox import Imap
from postwright.probe.result import awaited

pytestmark = pytest.mark.usefixtures("site")

READERS = ("taro@alpha.test", "saburo@gamma.test")
QUARANTINED = "hanako@beta.test"
"""Whoever poses as her fails DMARC, and her domain asks for quarantine."""
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


def _words() -> str:
    """Return a text that no other message has: Bayes learns none twice, and none of ten words."""
    return "".join(f"{secrets.token_hex(4)}\r\n" for _ in range(40))


def _found(imap: Imap, mailbox: str, token: str) -> str:
    """Return the message's number in a mailbox once it is there."""
    with awaited(10) as again:
        while again():
            imap.select(mailbox)
            _, found = imap.uid("SEARCH", "HEADER", "Subject", token)
            if found[0]:
                return str(found[0].decode())
    pytest.fail(f"{token} is not in {mailbox}")


def _learnt(host: str, kind: str) -> int:
    """Return how many messages of a kind (`spam`, `ham`) Bayes has learnt."""
    said = on(
        host, "redis-cli", "-s", "/run/redis/redis-server.sock", "HGET", "RS", f"learns_{kind}"
    )
    return int(said.strip() or 0)


@pytest.mark.parametrize("reader", READERS)
def test_what_fails_dmarc_lies_in_junk_and_teaches_as_it_is_moved(post: Post, reader: str) -> None:
    host = SERVERS[reader.partition("@")[2]][0]
    token, reply = post.transfer(reader, _words(), author=QUARANTINED)
    assert reply.startswith("250"), reply
    with post.mailbox(reader) as imap:
        for place, other, kind in (("Junk", "INBOX", "ham"), ("INBOX", "Junk", "spam")):
            uid, before = _found(imap, place, token), _learnt(host, kind)
            assert imap.uid("MOVE", uid, other)[0] == "OK"
            with awaited(10) as again:
                while again() and _learnt(host, kind) == before:
                    pass
            assert _learnt(host, kind) == before + 1


@pytest.mark.parametrize("reader", READERS)
def test_spam_is_refused_while_the_sender_is_connected(post: Post, reader: str) -> None:
    _, reply = post.transfer(reader, GTUBE)
    assert reply.startswith("554 5.7.1"), reply
