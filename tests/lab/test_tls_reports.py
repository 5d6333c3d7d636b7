"""A domain that asks for reports on TLS is told how it went, and mail does not depend on that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

import pytest

from labkit import on
from labmail import Post, waiting
from labpeer import FRIEND, SENDERS, TLSA, published, zone_of
from postwright.dns.records import Slot
from postwright.reports.collect import collect
from postwright.reports.sources import Item
from postwright.reports.tlsrpt import TlsReport

pytestmark = pytest.mark.usefixtures("site")

ASKED = Slot("_smtp._tls.peer.test", "TXT")
SENDER = SENDERS["mx1"]
COLLECTOR, REPORTER = "postwright-tlsrpt-collectd", "postwright-tlsrpt-reportd"
# On SIGUSR2 the collector takes what it saw today for yesterday's. A reporter that remembers
# nothing fetches that, and is told not to wait.
REPORT_NOW = f"""
systemctl kill --signal=USR2 {COLLECTOR}
mkdir -p /run/systemd/system/{REPORTER}.service.d
cat >/run/systemd/system/{REPORTER}.service.d/now.conf <<END
[Service]
Environment=TLSRPT_REPORTD_SPREAD_OUT_DELIVERY=1
Environment=TLSRPT_REPORTD_DBNAME=/var/lib/postwright-tls-reports/now.sqlite
END
systemctl daemon-reload
systemctl restart {REPORTER}
"""
AS_BEFORE = f"""
rm -r /run/systemd/system/{REPORTER}.service.d
rm -f /var/lib/private/postwright-tls-reports/now.sqlite
systemctl daemon-reload
systemctl restart {REPORTER}
"""
LISTEN = f"systemctl start {REPORTER}; until test -S /run/postwright-tls-reports/socket; do :; done"
COUNTED = """
import sqlite3
collected = sqlite3.connect("/var/lib/private/postwright-tls-reports/collected.sqlite")
print(collected.execute("SELECT count(*) FROM finalresults").fetchone()[0])
"""
FORGET_REPORTS = "grep -rlZ ^TLS-Report-Domain: /var/vmail/peer.test | xargs -0 -r rm"


def read(data: bytes) -> TlsReport:
    """Return the report that a message carries, as `postwright reports` reads it."""
    (found,) = collect([Item("the message", data, mailbox=True)]).reports
    assert isinstance(found, TlsReport)
    return found


@contextmanager
def reporting_now() -> Iterator[None]:
    """Have mx1 report what it saw until now."""
    on("peer", "sh", "-c", FORGET_REPORTS)
    on("mx1", "sh", "-ec", REPORT_NOW)
    try:
        yield
    finally:
        on("mx1", "sh", "-ec", AS_BEFORE)


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
