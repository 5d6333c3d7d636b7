"""Other domains are told how mail in their name fared, and the report can be read."""

from __future__ import annotations

import time
from typing import Any

import pytest

from labkit import on
from labmail import Post

READER = "taro@alpha.test"
"""Whoever gets dmarc@alpha.test."""
# What the service does, of today instead of yesterday.
REPORT = 'systemd-run --wait --quiet --uid=_rspamd --property=SupplementaryGroups=redis \
    rspamadm dmarc_report "$(date +%Y%m%d)"'


@pytest.mark.parametrize(
    ("host", "sender", "recipient"),
    [
        ("mx2", "taro@alpha.test", "saburo@gamma.test"),
        ("mx1", "saburo@gamma.test", "hanako@beta.test"),
    ],
)
def test_a_days_report_reaches_whoever_asks_for_it(
    facts: dict[str, Any], host: str, sender: str, recipient: str
) -> None:
    post, start = Post(facts), time.time()
    domain = sender.partition("@")[2]
    token, _ = post.send(sender, recipient)
    assert post.arrived(recipient, token)
    subject = f"Report Domain: {domain}"
    before = post.count(READER, subject)
    on(host, "sh", "-ec", REPORT)
    assert post.arrived(READER, subject)
    assert post.count(READER, subject) > before, f"no report within {time.time() - start:.0f} s"
