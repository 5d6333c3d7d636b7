"""`postwright trace` on both releases: a message's way over our hosts, and why it ended there."""

from __future__ import annotations

from typing import Any

import pytest

from labmail import Post
from labtrace import traced

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


def test_a_message_is_followed_from_one_host_to_the_mailbox_on_the_other(post: Post) -> None:
    token, _ = post.send("taro@alpha.test", "saburo@gamma.test")
    assert post.arrived("saburo@gamma.test", token)
    seen = traced(f"<{token}@test>")
    way = [
        ("mx1", "taken from"),
        ("mx1", "judged: no action"),
        ("mx2", "judged: no action"),
        ("mx1", "delivered: saburo@gamma.test"),
        ("mx2", "stored mail into mailbox 'INBOX'"),
    ]
    assert set(way) <= set(seen)
    # In order of time, over both hosts.
    assert seen.index(way[0]) < seen.index(way[1]) < seen.index(way[2]) < seen.index(way[4])


@pytest.mark.parametrize(
    ("host", "recipient"),
    [("mx1", "no-such@alpha.test"), ("mx2", "no-such@gamma.test")],
)
def test_a_refusal_is_found_by_its_address(post: Post, host: str, recipient: str) -> None:
    _, reply = post.transfer(recipient)
    assert reply.startswith("550")
    assert (host, "refused") in traced(recipient)


def test_what_no_host_knows_is_told_in_a_sentence(post: Post) -> None:
    assert post
    assert traced("<never-sent@test>", status=1) == []
