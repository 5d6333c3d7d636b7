"""Real hosts for the scenarios: the lab is brought up, its mail hosts made bare, site.yml run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from labkit import MAIL_HOSTS, ROOT, Site, answering, command, flush_zone, lab, on, play
from postwright.model import policy_file


@pytest.fixture(scope="session")
def lab_facts() -> Iterator[dict[str, Any]]:
    """The running lab; taken down again where it was not up before."""
    was_up = command("scripts/lab", "status").returncode == 0
    lab("up")
    facts = json.loads((ROOT / ".lab" / "lab.json").read_text(encoding="utf-8"))
    # The probe's functions verify names by the trust store: here, the lab's.
    os.environ["SSL_CERT_FILE"] = facts["ca_file"]
    yield facts
    if not was_up:
        lab("down")


@pytest.fixture(scope="session")
def site(lab_facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Both mail hosts made bare, then a dry run, each phase alone, and the whole once more."""
    lab("reset", *MAIL_HOSTS)
    check = play("site.yml", "--check", "--diff")
    _phases("keys", "announce", "hosts")
    closed = {host: answering(lab_facts, host) for host in MAIL_HOSTS}
    untried = on("mx1", "cat", policy_file("alpha.test"))
    _phases("cutover")
    # On a lab that stood before, the world knows the TLS keys of the hosts that were made bare.
    flush_zone("ns1")
    _phases("verify", "tighten")
    report = tmp_path_factory.mktemp("site") / "report.jsonl"
    second = play("site.yml", "-e", f"verify_report={report}")
    return Site(check, closed, untried, second, report)


def _phases(*names: str) -> None:
    for name in names:
        done = play(f"playbooks/{name}.yml")
        assert done.status == 0, done.output[-3000:]
