"""A Debian 12 host that is lost comes back on Debian 13, from what Debian 12 backed up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drill_kill import Say
from labbackup import TOOL, came_back_whole, furnish, home, keys, repository_kept, seen
from labkit import MAIL_HOSTS, ROOT, lab, on, play
from labmail import Post
from postwright.lab import lifecycle, plan

HOST = "mx2"
REBUILD = ("site.yml", "-e", f"rebuild={HOST}")
VERSION = ("dpkg-query", "-W", "-f", "${Version}", "dovecot-core")
NEWER = tuple(replace(spec, release="trixie") if spec.name == HOST else spec for spec in plan.SPECS)


@pytest.fixture
def newer(facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lab's plan with Debian 13 for the host; afterwards it has Debian 12 again."""
    with monkeypatch.context() as changed:
        changed.setattr(plan, "SPECS", NEWER)
        yield
    lab("reset", *MAIL_HOSTS)
    assert play("site.yml").status == 0


# The host that is booted here outlives the test.
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_a_debian_12_host_comes_back_on_debian_13(
    newer: None, facts: dict[str, Any], say: Say, tmp_path: Path
) -> None:
    furnish(HOST)
    before, own_keys = seen(HOST, f"{home(HOST)}/Maildir"), keys(HOST)
    assert ":2.3." in on(HOST, *VERSION)
    on(HOST, TOOL, "run")
    with repository_kept(HOST, tmp_path):
        lifecycle.reset(ROOT, [HOST])
    done = play(*REBUILD)
    assert done.status == 0, done.output[-5000:]
    say(f"rebuilt on Debian 13 in {done.seconds:.0f} s: Dovecot {on(HOST, *VERSION)}")
    assert ":2.4." in on(HOST, *VERSION)
    came_back_whole(HOST, before, own_keys, Post(facts))
