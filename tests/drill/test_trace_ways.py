"""`postwright trace` where a message's way is long: forwards, bounces, and mail that waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from labkit import on
from labmail import Post, waiting
from labtrace import traced
from postwright.probe.journey import ARRIVAL
from postwright.probe.result import awaited


@pytest.fixture(scope="module")
def post(facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(facts)


@pytest.fixture
def peer_is_down() -> Iterator[None]:
    """The peer takes no mail for the length of a test."""
    on("peer", "systemctl", "stop", "postfix")
    yield
    on("peer", "systemctl", "start", "postfix")


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


@pytest.mark.usefixtures("peer_is_down")
def test_a_message_that_waits_says_why(post: Post) -> None:
    token, _ = post.send("jiro@alpha.test", "friend@peer.test")
    waiting("mx1", "jiro@alpha.test")
    assert ("mx1", "waits: friend@peer.test") in traced(f"<{token}@test>")
