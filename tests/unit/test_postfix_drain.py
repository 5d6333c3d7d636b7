"""Before Postfix stops: what is under way, by what ss(8) and proc(5) tell."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "roles/postfix/files/postwright-postfix-drain"
program = runpy.run_path(str(PROGRAM))
unreported, has_open = program["unreported"], program["has_open"]

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
    assert unreported("\n".join([MASTER, *delivery(agent, reported=False), SCACHE])) == {"7"}
    assert unreported("\n".join([MASTER, *delivery(agent, reported=True), SCACHE])) == set()
    assert unreported("\n".join([MASTER, SCACHE])) == set()
    assert unreported("") == set()


def test_where_the_queue_manager_is_gone_nothing_is_waited_for() -> None:
    agents_end, _ = delivery("smtp", reported=False)
    assert unreported(agents_end) == set()


def test_a_program_is_busy_while_it_has_a_message_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(has_open.__globals__, "PROGRAMS", tmp_path)
    (tmp_path / "7/fd").mkdir(parents=True)
    for number, place in enumerate(("public/pickup", "maildrop", "active/1A2B3C")):
        (tmp_path / "7/fd" / str(number)).symlink_to(f"/var/spool/postfix/{place}")
    # Closed between being listed and being read, as it were.
    (tmp_path / "7/fd/00").touch()
    assert has_open("7", "active")
    # The folder itself is none of its messages.
    assert not has_open("7", "maildrop")
    assert not has_open("8", "active")
