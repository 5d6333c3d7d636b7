"""What judges that others wrote say of both mail hosts."""

from __future__ import annotations

from typing import Any

import pytest

import judges
from drill_kill import Say
from labkit import MAIL_HOSTS

DOMAINS = ["alpha.test", "beta.test", "delta.test", "gamma.test"]
NAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
# BIMI needs a registered mark's certificate, which nobody has by default.
NOT_ASKED = "A BIMI record does not exist at the default selector."
# What the lab's inventory says of no report leaves out: tls_reports_to, dmarc.reports_to.
NO_REPORTS = {
    "An SMTP TLS Reporting record does not exist.": ("beta.test", "delta.test", "gamma.test"),
    "rua tag (destination for aggregate reports) not found.": ("beta.test", "delta.test"),
}


@pytest.mark.parametrize("port", [25, 465, 993, 995])
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_sslyze_finds_mozillas_profile(
    host: str, port: int, facts: dict[str, Any], say: Say
) -> None:
    said = judges.sslyze(facts, host, NAMES[host], port)
    say(f"sslyze {NAMES[host]}:{port}: {said.strip().splitlines()[-1].strip()}")
    assert "OK - Compliant" in said


def test_checkdmarc_finds_no_fault(facts: dict[str, Any], say: Say) -> None:
    found = judges.checkdmarc(facts, DOMAINS)
    assert [each["domain"] for each in found] == DOMAINS
    told = [fault for each in found for fault in judges.faults(each, each["domain"])]
    for line in told:
        say(f"checkdmarc {line}")
    assert [line for line in told if not _excepted(line)] == []


def _excepted(line: str) -> bool:
    """Tell whether the lab's inventory leaves out what is missed."""
    where, _, fault = line.partition(": ")
    return fault == NOT_ASKED or where.split()[0] in NO_REPORTS.get(fault, ())


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_peer_verifies_by_dane(domain: str, facts: dict[str, Any], say: Say) -> None:
    said = judges.posttls_finger(domain)
    line = next((line for line in said.splitlines() if "TLS connection established" in line), said)
    say(f"posttls-finger {line.partition(': ')[2]}")
    assert "Verified TLS connection established" in said
