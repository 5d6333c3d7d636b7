"""Backups to S3 and to a REST server by HTTPS: made, proven, refused, and a host built of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import backup_target as tool
from backup_web_target import REST, S3, WebTarget, served
from drill_kill import Say
from labbackup import ACCOUNTS, came_back_whole, furnish, home, keys, restored, seen, status
from labkit import MAIL_HOSTS, lab, on, play
from labmail import Post

LOST = "mx1"
UNKNOWN = {
    "s3": {"AWS_ACCESS_KEY_ID": "somebody-else"},
    "rest": {"RESTIC_REST_PASSWORD": "another secret"},
}


@pytest.fixture(scope="module", params=[REST, S3], ids=lambda target: target.kind)
def target(request: pytest.FixtureRequest, facts: dict[str, Any], say: Say) -> Iterator[WebTarget]:
    """A target that both hosts know, with a backup of each."""
    found: WebTarget = request.param
    with served(found):
        say(f"both hosts are told of {found.kind}")
        for host in MAIL_HOSTS:
            on(host, tool.TOOL, "forget-repository")
        tool.told("-e", found.spec())
        for host in MAIL_HOSTS:
            furnish(host)
            code, said = tool.run(host, "run")
            assert code == 0, said
            say(f"{host}: {said.strip()}")
        yield found
    for host in MAIL_HOSTS:
        on(host, tool.TOOL, "forget-repository")
        on(host, "systemctl", "reset-failed")
    assert play("site.yml").status == 0


def test_a_backup_is_proven_and_restores_whole(target: WebTarget, say: Say) -> None:
    for host in MAIL_HOSTS:
        code, said = tool.run(host, "test")
        assert code == 0, said
        say(f"{host}: {said.strip()}")
        assert status(host)["troubles"] == []
        live = seen(host, f"{home(host)}/Maildir")
        with restored(host) as place:
            account, _, domain = ACCOUNTS[host].partition("@")
            found = seen(host, f"{place}/mail/{domain}/{account}/Maildir")
        assert found.messages
        assert found.messages <= live.messages
        assert found.digests <= live.digests


def test_old_backups_go_where_the_target_allows_that(target: WebTarget, say: Say) -> None:
    for host in MAIL_HOSTS:
        assert tool.run(host, "run")[0] == 0
        code, said = tool.run(host, "restic", "forget", "--keep-last", "1", "--group-by", "host")
        say(f"{host}: {code}, {said.strip().splitlines()[-1]}")
        left = json.loads(on(host, tool.TOOL, "restic", "snapshots", "--json"))
        # restic's status is 0 where the target has refused.
        assert (len(left) > 1) is target.append_only


def test_a_credential_that_the_target_does_not_know_is_no_empty_target(
    target: WebTarget, say: Say
) -> None:
    """A bare host would be built over its backup."""
    tool.told("-e", target.spec(**UNKNOWN[target.kind]))
    try:
        for host in MAIL_HOSTS:
            for verb in ("run", "newest"):
                code, said = tool.run(host, verb)
                say(f"{host}, {verb}: {said.strip().splitlines()[0]}")
                assert code != 0
                assert "the target does not know this host's credential" in said
                assert "mend: correct `credentials` in mail_backup" in said
    finally:
        tool.told("-e", target.spec())
    for host in MAIL_HOSTS:
        assert tool.run(host, "run")[0] == 0


def test_a_lost_host_comes_back(target: WebTarget, facts: dict[str, Any], say: Say) -> None:
    code, said = tool.run(LOST, "run")
    assert code == 0, said
    before, own_keys = seen(LOST, f"{home(LOST)}/Maildir"), keys(LOST)
    lab("reset", LOST)
    # Without a word and with a credential that is not known, nothing is built over the backup.
    stopped = play("site.yml", "-e", target.spec(**UNKNOWN[target.kind]))
    assert stopped.status != 0
    assert f"{LOST} has no keys yet, and whether there is a backup of it cannot" in stopped.output
    assert "the target does not know this host's credential" in stopped.output
    on(LOST, "test", "!", "-e", "/var/lib/postwright/dkim")
    done = play("site.yml", "-e", f"rebuild={LOST}", "-e", target.spec())
    assert done.status == 0, done.output[-5000:]
    say(f"rebuilt from {target.kind} in {done.seconds:.0f} s")
    came_back_whole(LOST, before, own_keys, Post(facts))
