"""Before Postfix stops: which deliveries are under way, by what ss(8) prints."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "roles/postfix/files/postwright-postfix-drain"
under_way = runpy.run_path(str(PROGRAM))["under_way"]

MASTER = 'u_str ESTAB 0 0 * 10 * 11 users:(("master",pid=1,fd=9))'
SCACHE = 'u_str ESTAB 0 0 private/scache 20 * 21 users:(("scache",pid=5,fd=9))'


def delivery(agent: str, reported: bool) -> list[str]:
    """Return both ends of a delivery: the agent's, and the queue manager's, which has read none."""
    return [
        f'u_str ESTAB 0 0 private/{agent} 30 * 31 users:(("{agent}",pid=7,fd=14))',
        f'u_str ESTAB {768 if reported else 0} 0 * 31 * 30 users:(("qmgr",pid=3,fd=12))',
    ]


@pytest.mark.parametrize("agent", ["smtp", "lmtp"])
def test_a_delivery_is_under_way_until_its_agent_has_reported(agent: str) -> None:
    assert under_way("\n".join([MASTER, *delivery(agent, reported=False), SCACHE]))
    assert not under_way("\n".join([MASTER, *delivery(agent, reported=True), SCACHE]))
    assert not under_way("\n".join([MASTER, SCACHE]))
    assert not under_way("")


def test_where_the_queue_manager_is_gone_nothing_is_waited_for() -> None:
    agents_end, _ = delivery("smtp", reported=False)
    assert not under_way(agents_end)
