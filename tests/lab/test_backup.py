"""Backups on both releases: made while mail arrives, restored whole, and missed aloud."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labbackup import ACCOUNTS, SIEVE, TOOL, arriving, furnish, home, restored, seen, status
from labkit import MAIL_HOSTS, on
from labmail import Post
from postwright.probe.journey import ARRIVAL
from postwright.probe.result import awaited

pytestmark = pytest.mark.usefixtures("site")

STATUS = "/var/lib/postwright-backup/status.json"
AGED = """
import json, pathlib, sys
file = pathlib.Path(sys.argv[1])
known = json.loads(file.read_text())
known["good"]["when"] -= 4 * 3600
file.write_text(json.dumps(known))
"""

# Removing what nobody needs locks the repository against all others; killed, it leaves that lock.
LEAVES_A_LOCK = """
until ls "$1"/locks/* 2>/dev/null; do
    postwright-backup restic prune >/dev/null 2>&1 &
    while kill -0 $! 2>/dev/null && ! ls "$1"/locks/* >/dev/null 2>&1; do sleep 0.01; done
    pkill -KILL -x restic || true
    wait
done
"""


@pytest.fixture
def furnished(host: str) -> str:
    """A host whose account has a folder of its own, flags, a keyword and a script."""
    furnish(host)
    return host


@pytest.fixture(params=MAIL_HOSTS)
def host(request: pytest.FixtureRequest) -> str:
    """Each mail host."""
    return str(request.param)


def test_a_backup_that_is_made_while_mail_arrives_restores_whole(
    lab_facts: dict[str, Any], furnished: str
) -> None:
    host, post = furnished, Post(lab_facts)
    live = f"{home(host)}/Maildir"
    with arriving(post, host) as taken:
        with awaited(ARRIVAL) as again:
            while again() and len(taken) < 3:
                continue
        before = seen(host, live)
        said = on(host, TOOL, "run")
        assert re.search(r"snapshot \w{8}: [1-9]\d* messages", said), said
    after = seen(host, live)
    assert len(after.messages) > len(before.messages)
    with restored(host) as backup:
        account = f"{backup}/mail/{home(host).removeprefix('/var/vmail/')}"
        found = seen(host, f"{account}/Maildir")
        script = on(host, "cat", f"{account}/.dovecot.sieve")
        kept = on(host, "find", f"{backup}/state", "!", "-type", "d").split()
    # All that was there before, with its UID and flags, and nothing that never was. What came in
    # last had no UID yet: Dovecot 2.3 gives it when somebody looks.
    assert before.messages <= found.messages
    assert found.identities() <= after.identities()
    assert before.digests <= found.digests <= after.digests
    assert {"\\Flagged \\Seen", "$Forwarded Urgent"} <= {flags for _, _, flags, _ in found.messages}
    assert (found.validities, found.subscriptions) == (before.validities, before.subscriptions)
    assert script == SIEVE
    for part in ("/dkim/", "/dehydrated/accounts/", "/fullchain.pem", "/postsrsd.secret"):
        assert any(part in file for file in kept), (part, kept)


def test_a_second_backup_sends_what_is_new_and_the_newest_is_restored_on_trial(host: str) -> None:
    on(host, TOOL, "run")
    first = status(host)["good"]
    on(host, TOOL, "run")
    second = status(host)["good"]
    assert second["snapshot"] != first["snapshot"]
    assert second["messages"] == first["messages"] > 0
    assert second["added"] < second["size"]
    assert re.search(rf"is whole: {second['messages']} messages", on(host, TOOL, "test"))
    assert status(host)["troubles"] == []
    # No copy of a key is left, and nothing of the trial.
    on(host, "test", "!", "-e", "/var/vmail/.backup/state")
    on(host, "test", "!", "-e", "/var/lib/postwright-backup/scratch")


def test_a_lock_that_a_killed_run_left_keeps_no_backup_from_being_made_or_restored(
    host: str,
) -> None:
    place = f"/srv/backup/{host}"
    for words in (("restore", ACCOUNTS[host]), ("run",), ("test",)):
        on(host, "sh", "-c", LEAVES_A_LOCK, "sh", place)
        on(host, TOOL, *words)
        assert on(host, "ls", f"{place}/locks") == ""


def test_backups_that_fail_are_an_alarm_until_there_is_a_good_one(host: str) -> None:
    # The disk is not mounted, and that for four hours.
    place = f"/srv/backup/{host}"
    on(host, "mv", place, f"{place}.away")
    try:
        on(host, "install", "-d", "-o", "postwright-backup", "-m", "700", place)
        on(host, "python3", "-c", AGED, STATUS)
        said = on(host, "sh", "-c", f"! {TOOL} run 2>&1")
        assert "the repository of this host is gone" in said
        assert "mend: mount its disk" in said
        alarm = on(host, "postwright-monitoring", "alarm", "--show")
        assert "postwright-backup.service has failed" in alarm
        assert re.search(r"The last good backup is of .*repository of this host is gone", alarm)
        metrics = on(host, "postwright-monitoring", "metrics", "--show")
        assert "postwright_backup_trouble 1" in metrics
    finally:
        on(host, "sh", "-ec", f"rm -rf {place}; mv {place}.away {place}")
    on(host, TOOL, "run")
    assert "backup" not in on(host, "postwright-monitoring", "alarm", "--show")
    assert status(host)["troubles"] == []
