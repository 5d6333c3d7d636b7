"""Each of Internet.nl's criteria is missed on real hosts that deserve it, and met again then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from criteria_cases import CASES, Case, Reds
from criteria_zones import DOMAINS, second_server
from drill_kill import Say
from labkit import ROOT, play
from postwright.dns.world import World, over_network
from postwright.model import Inventory, mail_for_verify
from postwright.model.controller import Vault, load_inventory
from postwright.probe.criteria import CRITERIA, gather, judge
from postwright.probe.result import awaited
from postwright.probe.run import targets
from postwright.probe.tls_look import endpoints, look_at_all
from postwright.report import read

PATIENCE = 40.0
"""Seconds until the daemons and the resolver show what was changed."""
GREEN: Reds = dict.fromkeys(DOMAINS, frozenset())


@pytest.fixture(scope="module")
def inventory(facts: dict[str, Any]) -> Inventory:
    """The lab's inventory, once its hosts are built."""
    return load_inventory([ROOT / "inventory" / "lab"], Vault())


@pytest.fixture(scope="module")
def two_servers(facts: dict[str, Any]) -> Iterator[None]:
    """Each mail domain has two name servers."""
    with second_server(facts):
        yield


def missed(inventory: Inventory) -> Reds:
    """Return what is missed now, as verify.yml looks and judges."""
    mails: Any = mail_for_verify(inventory)["hosts"]
    ports = [
        endpoint
        for mail in mails.values()
        for endpoint in endpoints(mail, targets(mail["host"]))
        if endpoint.port == 25
    ]
    found = gather(World(over_network, inventory.resolvers), DOMAINS, look_at_all(ports))
    return {
        each.name: frozenset(v.criterion for v in judge(each, inventory) if not v.ok)
        for each in found
    }


def become(inventory: Inventory, wanted: Reds) -> Reds:
    """Return what is missed once it is what is wanted, or after PATIENCE."""
    seen: Reds = {}
    with awaited(PATIENCE, 1.0) as again:
        while again():
            seen = missed(inventory)
            if seen == wanted:
                break
    return seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.criterion)
def test_a_criterion_is_missed_where_its_promise_is_broken(
    case: Case, facts: dict[str, Any], two_servers: None, inventory: Inventory, say: Say
) -> None:
    wanted = {**GREEN, **case.reds}
    with case.mutation(facts):
        seen = become(inventory, wanted)
    assert seen == wanted
    others = sorted(frozenset().union(*seen.values()) - {case.criterion})
    say(f"{case.criterion:22} {case.what:72.72} {', '.join(others)}")


def test_every_criterion_was_missed_once_and_is_met_again(
    two_servers: None, inventory: Inventory, tmp_path: Path, say: Say
) -> None:
    assert [case.criterion for case in CASES] == [criterion.id for criterion in CRITERIA]
    assert become(inventory, GREEN) == GREEN
    report = tmp_path / "report.jsonl"
    verified = play("playbooks/verify.yml", "-e", f"verify_report={report}")
    assert verified.status == 0, verified.output[-4000:]
    entries = [entry for entry in read(report) if entry.part == "criteria"]
    for domain in DOMAINS:
        met = [entry.check for entry in entries if entry.subject == domain and entry.ok]
        say(f"{domain}: {len(met)} of {len(CRITERIA)} criteria are met")
        assert met == [criterion.id for criterion in CRITERIA]
