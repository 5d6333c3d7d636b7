"""What Lynis and systemd say of a bare host and of the same host as a mail server."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, on, play

WAIVERS = Path(__file__).parent / "lynis-waivers.toml"
REPORT = "/var/log/lynis-report.dat"
HELD = "/run/postwright-held"
"""Where our drop-ins lie while the stock units are looked at."""
UNITS = ("dovecot", "nginx", "postfix", "rspamd", "unbound", "postwright-tls-policy")


@dataclass(frozen=True)
class Audit:
    """What one run of Lynis found: its index, and each finding's words by its id."""

    index: int
    findings: dict[str, str]


def audit(host: str) -> Audit:
    """Run Lynis on a host, which does not keep it: it is no part of a mail server."""
    apt = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qqy")
    on(host, *apt, "update")
    on(host, *apt, "install", "--no-install-recommends", "lynis")
    on(host, "lynis", "audit", "system", "--quick", "--no-colors", "--quiet", status=None)
    report = on(host, "cat", REPORT)
    on(host, *apt, "purge", "--autoremove", "lynis")
    on(host, "sh", "-c", "rm -f /var/log/lynis*")
    found = re.findall(r"^(?:warning|suggestion)\[\]=([^|]+)\|([^|]*)", report, re.MULTILINE)
    index = re.search(r"^hardening_index=(\d+)", report, re.MULTILINE)
    assert index, report[-2000:]
    return Audit(int(index[1]), dict(found))


def exposures(host: str) -> dict[str, str]:
    """Return what `systemd-analyze security` says of our daemons: a number and a word."""
    found: dict[str, str] = {}
    for row in map(str.split, on(host, "systemd-analyze", "security").splitlines()[1:]):
        # Debian 12 runs Postfix as an instance; on 13 that instance is there and idle.
        unit = row[0].removesuffix(".service").removesuffix("@-") if row else ""
        if unit in UNITS:
            found.setdefault(unit, f"{row[1]} {row[2]}")
    return found


def audit_all() -> dict[str, Audit]:
    """Run Lynis on both hosts at once."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(MAIL_HOSTS, pool.map(audit, MAIL_HOSTS), strict=True))


@pytest.fixture(scope="module")
def audits(bare: Callable[[], None], say: Say) -> dict[str, tuple[Audit, Audit]]:
    """Each host's audit, bare and built."""
    bare()
    before = audit_all()
    say("bare hosts were audited; they become mail servers")
    site = play("site.yml")
    assert site.status == 0, site.output[-4000:]
    for host in MAIL_HOSTS:
        # As its timer does it: the lab's images may be older than the newest security upgrade.
        on(host, "unattended-upgrade")
    after = audit_all()
    both = {host: (before[host], after[host]) for host in MAIL_HOSTS}
    for host, (was, now) in both.items():
        say(f"{host}: Lynis {was.index} bare, {now.index} built; {len(now.findings)} findings")
    return both


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_lynis_finds_nothing_that_is_not_waived(
    host: str, audits: dict[str, tuple[Audit, Audit]]
) -> None:
    waived = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))["waiver"]
    ids = {each["id"] for each in waived}
    found = audits[host][1].findings
    assert {key: words for key, words in found.items() if key not in ids} == {}


def test_every_waiver_is_needed_and_says_why(audits: dict[str, tuple[Audit, Audit]]) -> None:
    waived = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))["waiver"]
    assert [each["id"] for each in waived if not each["reason"]] == []
    assert all(isinstance(each["since"], date) for each in waived)
    found = {key for _, now in audits.values() for key in now.findings}
    assert sorted({each["id"] for each in waived} - found) == []


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_every_daemon_is_ok_to_systemd(
    host: str, audits: dict[str, tuple[Audit, Audit]], say: Say
) -> None:
    # `audits` has built the host. The stock daemon's number: without our drop-ins.
    now = exposures(host)
    on(host, "sh", "-c", f"mkdir -p {HELD}; cd /etc/systemd/system; for d in *.service.d; do"
       f" mv $d {HELD}/; done; systemctl daemon-reload")  # fmt: skip
    try:
        before = exposures(host)
    finally:
        on(host, "sh", "-c", f"mv {HELD}/* /etc/systemd/system/; systemctl daemon-reload")
    for unit, value in now.items():
        say(f"{host}: {unit}: {before[unit]} as Debian has it, {value} here")
    assert now
    assert {unit: value for unit, value in now.items() if value.split()[1] != "OK"} == {}
