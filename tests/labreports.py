"""Reports on TLS, in the lab: asked for by peer.test, and sent by mx1 at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labkit import on
from postwright.dns.records import Slot
from postwright.reports.collect import collect
from postwright.reports.sources import Item
from postwright.reports.tlsrpt import TlsReport

ASKED = Slot("_smtp._tls.peer.test", "TXT")
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
