"""site.yml killed (SIGKILL) at many moments: a run to the end comes out as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import drill_state
from drill_kill import Moment, Say, run_until
from drill_moments import MOMENTS
from labkit import on, play


def test_the_comparison_notices_a_file_a_listener_a_unit_and_a_record(
    undisturbed: drill_state.State,
) -> None:
    listen = "import socket; s = socket.create_server(('', 5555)); s.accept()"
    disturb = (
        "echo '# changed' >>/etc/postfix/main.cf; chmod 600 /etc/nginx/nginx.conf; "
        "touch /etc/dovecot/.users.half; systemctl -q disable rspamd 2>/dev/null; "
        f'systemd-run -q --unit drill-listener python3 -c "{listen}"; '
        "until ss -Hltn | grep -q :5555; do sleep 0.1; done"
    )
    mend = (
        "sed -i '$d' /etc/postfix/main.cf; chmod 644 /etc/nginx/nginx.conf; "
        "rm /etc/dovecot/.users.half; systemctl -q enable rspamd 2>/dev/null; "
        "systemctl stop drill-listener"
    )
    on("mx1", "sh", "-c", disturb)
    _zone_edit("zone-set", "alpha.test", "stray", "60", "TXT", "stray")
    try:
        seen = drill_state.differences(undisturbed, drill_state.whole())
    finally:
        on("mx1", "sh", "-c", mend)
        _zone_edit("zone-unset", "alpha.test", "stray", "TXT")
    assert [line.partition(": undisturbed")[0] for line in seen] == [
        "alpha.test: stray.alpha.test TXT",
        "mx1: enabled rspamd.service",
        "mx1: file /etc/dovecot/.users.half",
        "mx1: file /etc/nginx/nginx.conf",
        "mx1: file /etc/postfix/main.cf",
        "mx1: file /etc/systemd/system/multi-user.target.wants/rspamd.service",
        "mx1: file /var/lib/postwright/loaded/postfix.json",
        "mx1: listener 0.0.0.0:5555",
    ]
    assert drill_state.differences(undisturbed, drill_state.whole()) == []


@pytest.mark.parametrize("number", range(len(MOMENTS)), ids=[m.during for m in MOMENTS])
def test_a_run_killed_while(
    number: int,
    undisturbed: drill_state.State,
    bare: Callable[[], None],
    say: Say,
    tmp_path: Path,
) -> None:
    moment: Moment = MOMENTS[number]
    bare()
    say(f"{number + 1}/{len(MOMENTS)} {moment.during}: bare hosts; site.yml begins")
    seconds = run_until(moment, tmp_path / "killed.log")
    say(f"    killed after {seconds:.1f} s: {moment.reach.value}; the run to the end begins")
    site = play("site.yml")
    assert site.status == 0, site.output[-6000:]
    left = drill_state.differences(undisturbed, drill_state.whole())
    say(f"    took {site.seconds:.0f} s; differences from the undisturbed state: {len(left)}")
    assert not left, "\n".join(left)


def _zone_edit(verb: str, zone: str, *words: str) -> None:
    """Change a zone as another program would, by the name server's own tool."""
    for step in (("zone-begin", zone), (verb, zone, *words), ("zone-commit", zone)):
        on("ns1", "knotc", *step)
