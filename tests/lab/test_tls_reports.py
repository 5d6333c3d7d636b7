"""A domain that asks for reports on TLS is told how it went, and mail does not depend on that."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest

from labkit import on
from labmail import Post, waiting
from labpeer import FRIEND, SENDERS, TLSA, published, zone_of
from labreports import ASKED, COLLECTOR, REPORTER, read, reporting_now

pytestmark = pytest.mark.usefixtures("site")

SENDER = SENDERS["mx1"]
LISTEN = f"systemctl start {REPORTER}; until test -S /run/postwright-tls-reports/socket; do :; done"
COUNTED = """
import sqlite3
collected = sqlite3.connect("/var/lib/private/postwright-tls-reports/collected.sqlite")
print(collected.execute("SELECT count(*) FROM finalresults").fetchone()[0])
"""


def test_a_domain_is_told_of_success_and_failure(lab_facts: dict[str, Any]) -> None:
    post, zone = Post(lab_facts), zone_of(lab_facts)
    with published(zone, {ASKED: f'"v=TLSRPTv1; rua=mailto:{FRIEND}"'}):
        on("mx1", "systemctl", "stop", COLLECTOR)
        # Nobody listens: mail goes all the same, and is not counted.
        uncounted, _ = post.send(SENDER, FRIEND)
        assert post.arrived(FRIEND, uncounted)
        on("mx1", "sh", "-ec", LISTEN)
        counted, _ = post.send(SENDER, FRIEND)
        assert post.arrived(FRIEND, counted)
        with published(zone, {TLSA: f"3 1 1 {'0' * 64}"}):
            held, _ = post.send(SENDER, FRIEND)
            assert "not verified" in waiting("mx1", SENDER)
            # That no mail can go does not keep the report of it (RFC 8689, TLS-Required: No).
            with reporting_now():
                data = post.arrived(FRIEND, "Report Domain: peer.test")
    on("mx1", "postqueue", "-f")
    assert post.arrived(FRIEND, held)

    assert data is not None
    message, told = message_from_bytes(data), read(data)
    assert (message["From"], told.reporter) == ("postmaster@alpha.test", "alpha.test")
    assert "dkim=pass header.d=alpha.test" in message["Authentication-Results"]
    assert "dmarc=pass" in message["Authentication-Results"]
    outcomes = {each.policy.type: each for each in told.policies}
    fine, broken = outcomes["no-policy-found"], outcomes["tlsa"]
    assert (fine.summary.successful, fine.summary.failed, fine.failures) == (1, 0, ())
    # At each address of the host, IPv6 and IPv4.
    assert (broken.summary.successful, broken.summary.failed) == (0, 2)
    assert {each.type for each in broken.failures} == {"certificate-not-trusted"}
    # A report's own delivery is none of what the next one tells (RFC 8460 3).
    assert on("mx1", "python3", "-c", COUNTED).strip() == "0"
