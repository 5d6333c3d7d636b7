"""Before Postfix stops: what is under way, by what ss(8) prints."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "roles/postfix/files/postwright-postfix-drain"
program = runpy.run_path(str(PROGRAM))
under_way, picked_up = program["under_way"], program["picked_up"]

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


@pytest.mark.parametrize(
    ("program", "told"), [("pickup", True), ("cleanup", False), ("gone", False)]
)
def test_a_message_is_picked_up_while_pickup_has_it_open(
    tmp_path: Path, program: str, told: bool
) -> None:
    for number, place in enumerate(("public/pickup", "maildrop", "maildrop/1A2B3C")):
        files = tmp_path / str(10 + number) / "fd"
        files.mkdir(parents=True)
        (files / "9").symlink_to(f"/var/spool/postfix/{place}")
        if program != "gone":
            (files.parent / "comm").write_text(f"{program}\n", encoding="utf-8")
    assert picked_up(tmp_path) is told
    (tmp_path / "12/fd/9").unlink()
    assert not picked_up(tmp_path)
