"""Where the inventory says so, ClamAV answers to Rspamd alone, and its signatures are fresh."""

from __future__ import annotations

import time
from typing import Any

import pytest
from testinfra.host import Host

SOCKET = "/run/clamav/clamd.ctl"
SIGNATURES = "/var/lib/clamav"
FRESH = 3 * 86400
"""Seconds: new signatures come out every day."""
PING = f"""
import socket
asked = socket.socket(socket.AF_UNIX)
asked.connect("{SOCKET}")
asked.sendall(b"zPING\\0")
print(asked.recv(64).decode().strip("\\0"))
"""


@pytest.fixture
def antivirus(mail: dict[str, Any]) -> bool:
    """Whether the inventory says that ClamAV looks into mail."""
    return bool(mail["host"]["antivirus"])


def _asked_as(host: Host, user: str) -> str:
    """Return what ClamAV answers to a user; nothing where he does not get that far."""
    return host.run(
        f"setpriv --reuid={user} --regid={user} --clear-groups python3 -c %s", PING
    ).stdout


def test_the_filter_reaches_clamav_where_it_is_on_and_nobody_else_does(
    host: Host, antivirus: bool
) -> None:
    assert host.service("clamav-daemon").is_running is antivirus
    assert _asked_as(host, "_rspamd") == ("PONG\n" if antivirus else "")
    assert _asked_as(host, "www-data") == ""
    asks = host.file("/etc/rspamd/local.d/rspamd.lua").contains("virus.lua")
    assert asks is antivirus


def test_signatures_are_fresh_where_they_are_fetched(host: Host, antivirus: bool) -> None:
    if antivirus and host.service("clamav-freshclam").is_enabled:
        assert host.service("clamav-freshclam").is_running
        found = [n for n in host.file(SIGNATURES).listdir() if n.startswith("daily.c")]
        assert found, "journalctl -u clamav-freshclam"
        newest = host.file(f"{SIGNATURES}/{found[0]}").mtime.timestamp()
        assert time.time() - newest < FRESH, "journalctl -u clamav-freshclam"
