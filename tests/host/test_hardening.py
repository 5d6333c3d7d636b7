"""Daemons are shut in, SSH takes keys, and only security upgrades come by themselves."""

from __future__ import annotations

import re

from testinfra.host import Host

# Not ours to judge: Debian runs these for itself, and each is an operator's way in or the system's.
SYSTEMS = re.compile(
    r"(console-getty|dbus|emergency|getty@.*|rc-local|rescue|ssh|sshd@.*|systemd-.*|user@.*"
    r"|unbound-resolvconf|unattended-upgrades|lynis|cron|serial-getty@.*|container-getty@.*|polkit)\.service"
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


def test_a_daemon_reaches_nothing_but_what_it_needs(host: Host) -> None:
    rules = host.check_output("nft list chain inet postwright daemons_out")
    assert "meta skuid 1-999 goto refused" in rules
    unbound = host.user("unbound").uid
    assert f"meta skuid {unbound} udp dport 53 accept" in rules


def test_ssh_lets_nobody_in_by_what_is_old(host: Host) -> None:
    settings = host.check_output("sshd -T")
    assert "permitrootlogin without-password" in settings
    assert not re.search(r"^(kexalgorithms|macs) .*(diffie-hellman|sha1)", settings, re.MULTILINE)


def test_only_security_upgrades_come_by_themselves(host: Host) -> None:
    said = host.check_output("apt-config dump Unattended-Upgrade::Origins-Pattern")
    assert [line.rsplit(",", 1)[1] for line in said.splitlines()[1:]] == ['label=Debian-Security";']
    assert "force-confold" in host.check_output("apt-config dump Dpkg::Options")
