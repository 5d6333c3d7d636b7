"""Each daemon runs in a sandbox that systemd calls OK."""

from __future__ import annotations

import re

from testinfra.host import Host

# Not ours to judge: Debian runs these for itself, and each is an operator's way in or the system's.
SYSTEMS = re.compile(
    r"(console-getty|dbus|emergency|getty@.*|rc-local|rescue|ssh|sshd@.*|systemd-.*|user@.*"
    r"|unbound-resolvconf|cron|serial-getty@.*|container-getty@.*|polkit)\.service"
)
LIMIT = 5.0
"""systemd-analyze(1) says "OK" below it, and "MEDIUM" above."""


def exposures(text: str) -> dict[str, float]:
    """Return each unit's exposure from what `systemd-analyze security` prints."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return {row[0]: float(row[1]) for row in rows if row and not SYSTEMS.fullmatch(row[0])}


def test_every_daemon_is_in_a_sandbox(host: Host) -> None:
    found = exposures(host.check_output("systemd-analyze security --no-pager"))
    assert found
    assert {unit: value for unit, value in found.items() if value >= LIMIT} == {}
