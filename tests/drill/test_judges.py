"""What judges that others wrote say of both mail hosts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

import judges
from drill_kill import Say
from labkit import MAIL_HOSTS

DOMAINS = ["alpha.test", "beta.test", "delta.test", "gamma.test"]
NAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
# BIMI needs a registered mark's certificate, which nobody has by default.
NOT_ASKED = "A BIMI record does not exist at the default selector."
PORTS = (465, 25, 993, 995, 4190)
WRONG = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
STARTTLS = {25, 4190}
# What testssl.sh holds against every port, or against those with STARTTLS, and why it may.
EXCEPTED = {
    "cert_revocation": ("the lab's CA has neither CRL nor OCSP", set(PORTS)),
    "overall_grade": ("capped at T for STARTTLS itself; 25 and 4190 have nothing else", STARTTLS),
}
# What it says it did not look at. It would be told at INFO at most.
NOT_LOOKED_AT = {
    "engine_problem": "Debian has no GOST for its OpenSSL, nor for ours",
    "sessionresumption_ticket": "s_client ends before a ticket comes, now and then",
}


@pytest.mark.parametrize("port", [25, 465, 993, 995])
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_sslyze_finds_mozillas_profile(
    host: str, port: int, facts: dict[str, Any], say: Say
) -> None:
    said = judges.sslyze(facts, host, NAMES[host], port)
    say(f"sslyze {NAMES[host]}:{port}: {said.strip().splitlines()[-1].strip()}")
    assert "OK - Compliant" in said


@pytest.fixture(scope="module")
def findings(facts: dict[str, Any], say: Say) -> dict[tuple[str, int], dict[str, str]]:
    """What testssl.sh says of every port, two ports at a time: it takes one to two minutes each."""
    pairs = list(product(MAIL_HOSTS, PORTS))

    def look(pair: tuple[str, int]) -> dict[str, str]:
        found = judges.testssl(facts, pair[0], NAMES[pair[0]], pair[1])
        say(f"testssl.sh {NAMES[pair[0]]}:{pair[1]}: {len(found)} findings")
        return found

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(pairs, pool.map(look, pairs), strict=True))


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_testssl_finds_nothing_of_medium_or_worse(
    host: str, port: int, findings: dict[tuple[str, int], dict[str, str]]
) -> None:
    found = findings[host, port]
    bad = {name for name, severity in found.items() if severity in WRONG}
    # An exception that no longer occurs has to go.
    assert bad == {name for name, (_, ports) in EXCEPTED.items() if port in ports}
    assert {name for name in found if found[name] == "WARN"} <= NOT_LOOKED_AT.keys()


def test_checkdmarc_finds_no_fault(facts: dict[str, Any], say: Say) -> None:
    found = judges.checkdmarc(facts, DOMAINS)
    assert [each["domain"] for each in found] == DOMAINS
    told = [fault for each in found for fault in judges.faults(each, each["domain"])]
    for line in told:
        say(f"checkdmarc {line}")
    assert [line for line in told if not line.endswith(f": {NOT_ASKED}")] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_peer_verifies_by_dane(domain: str, facts: dict[str, Any], say: Say) -> None:
    said = judges.posttls_finger(domain)
    line = next((line for line in said.splitlines() if "TLS connection established" in line), said)
    say(f"posttls-finger {line.partition(': ')[2]}")
    assert "Verified TLS connection established" in said
