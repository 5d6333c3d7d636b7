"""What Postfix sees of TLS is collected, where it can tell (3.10), and reported when asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from testinfra.host import Host

SOCKET = "/run/postwright-tls-reports/socket"
UNITS = ("postwright-tlsrpt-collectd", "postwright-tlsrpt-reportd")
# The newest: there is none of yesterday in the first minutes after midnight.
FETCHED = """
import sqlite3, sys
data = sqlite3.connect("file:/var/lib/postwright-tls-reports/reports.sqlite?mode=ro", uri=True)
jobs = data.execute("SELECT status FROM fetchjobs WHERE day >= ? ORDER BY day", sys.argv[1:])
print(*[status for (status,) in jobs][-1:])
"""


@pytest.fixture
def reports(mail: dict[str, Any], release: str) -> bool:
    """Whether the host reports on TLS."""
    return mail["tls_reporter"] is not None and release != "bookworm"


def test_what_postfix_sees_is_collected_or_nothing_is(host: Host, reports: bool) -> None:
    # Postfix 3.7 has no such parameter.
    asked = host.run("postconf -h smtp_tlsrpt_enable smtp_tlsrpt_socket_name")
    assert (asked.stdout.split() == ["yes", SOCKET]) == reports, asked.stdout
    for unit in UNITS:
        assert host.service(unit).is_running == reports, host.run(
            "journalctl -n 20 -u %s", unit
        ).stdout
    assert host.file(SOCKET).is_socket == reports


def test_what_was_collected_is_fetched_for_reports(host: Host, reports: bool) -> None:
    if not reports:
        return
    assert host.service("postwright-tlsrpt-reportd").is_enabled
    at = host.file(SOCKET)
    assert (at.group, oct(at.mode)) == ("postfix", "0o620"), "Postfix cannot write to it"
    recent = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    # None while it is tried.
    assert host.check_output("python3 -c %s %s", FETCHED, recent) in {"ok", "None"}
