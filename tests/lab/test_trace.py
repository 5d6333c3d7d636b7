"""`postwright trace` on both releases: a message's way over our hosts, and why it ended there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labkit import BIN, command, on
from labmail import Post, waiting
from postwright.probe.journey import ARRIVAL
from postwright.probe.result import awaited

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


@pytest.fixture
def peer_is_down() -> Iterator[None]:
    """The peer takes no mail for the length of a test."""
    on("peer", "systemctl", "stop", "postfix")
    yield
    on("peer", "systemctl", "start", "postfix")


def traced(wanted: str, status: int = 0) -> list[tuple[str, str]]:
    """Return each event's host and what was said, of the last minutes."""
    words = ("trace", wanted, "-i", "inventory/lab", "--since", "-5 min", "--json")
    done = command(str(BIN / "postwright"), *words)
    assert done.returncode == status, done.stderr
    return [(each["host"], each["what"]) for each in json.loads(done.stdout)]


def test_a_message_is_followed_from_one_host_to_the_mailbox_on_the_other(post: Post) -> None:
    token, _ = post.send("taro@alpha.test", "saburo@gamma.test")
    assert post.arrived("saburo@gamma.test", token)
    seen = traced(f"<{token}@test>")
    way = [
        ("mx1", "taken from"),
        ("mx1", "judged: no action"),
        ("mx2", "judged: no action"),
        ("mx1", "delivered: saburo@gamma.test"),
        ("mx2", "saved mail to INBOX"),
    ]
    assert set(way) <= set(seen)
    # In order of time, over both hosts.
    assert seen.index(way[0]) < seen.index(way[1]) < seen.index(way[2]) < seen.index(way[4])


def test_a_forward_and_its_new_address_are_seen(post: Post) -> None:
    token, _ = post.send("saburo@gamma.test", "friend@alpha.test")
    assert post.arrived("friend@peer.test", token)
    seen = traced(f"<{token}@test>")
    assert ("mx2", "delivered: friend@alpha.test") in seen
    assert ("mx1", "delivered: friend@peer.test (for friend@alpha.test)") in seen


def test_a_bounce_is_followed_to_whom_it_tells(post: Post) -> None:
    token, _ = post.send("saburo@gamma.test", "nobody@does-not-exist.test")
    end = ("mx2", "delivered: saburo@gamma.test")
    with awaited(ARRIVAL) as again:
        while again() and end not in (seen := traced(f"<{token}@test>")):
            pass
    assert end in seen
    assert ("mx2", "refused for good: nobody@does-not-exist.test") in seen
    assert ("mx2", "the sender is told, by") in seen


@pytest.mark.parametrize(
    ("host", "recipient"),
    [("mx1", "no-such@alpha.test"), ("mx2", "no-such@gamma.test")],
)
def test_a_refusal_is_found_by_its_address(post: Post, host: str, recipient: str) -> None:
    _, reply = post.transfer(recipient)
    assert reply.startswith("550")
    assert (host, "refused") in traced(recipient)


@pytest.mark.usefixtures("peer_is_down")
def test_a_message_that_waits_says_why(post: Post) -> None:
    token, _ = post.send("jiro@alpha.test", "friend@peer.test")
    waiting("mx1", "jiro@alpha.test")
    assert ("mx1", "waits: friend@peer.test") in traced(f"<{token}@test>")


def test_what_no_host_knows_is_told_in_a_sentence(post: Post) -> None:
    assert post
    assert traced("<never-sent@test>", status=1) == []
