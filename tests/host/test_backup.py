"""Where the inventory says so, the host is backed up; what opens its backups is root's to know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

FOLDER = "/etc/postwright/backup"
TOOL = "/usr/local/sbin/postwright-backup"


@pytest.fixture
def backup(mail: dict[str, Any]) -> dict[str, Any] | None:
    """What the inventory says of this host's backup, if anything."""
    found = mail["backup"]
    return None if found is None else dict(found)


@pytest.mark.parametrize("name", ["postwright-backup", "postwright-backup-test"])
def test_backups_are_made_by_the_clock_where_they_are_wanted(
    host: Host, backup: dict[str, Any] | None, name: str
) -> None:
    assert host.service(f"{name}.timer").is_running is (backup is not None)


def test_the_repository_opens_and_no_backup_is_overdue(
    host: Host, backup: dict[str, Any] | None
) -> None:
    if backup is not None:
        known = json.loads(host.check_output(f"{TOOL} status --json"))
        wrong = known["backup"] or {}
        assert known["repository_id"], f"{wrong.get('said')}\nmend: {wrong.get('mend')}"
        assert known["troubles"] == []


@pytest.mark.parametrize("name", ["password", "repository", "credentials.json"])
def test_what_opens_backups_is_for_root_and_who_sends_them(
    host: Host, backup: dict[str, Any] | None, name: str
) -> None:
    if backup is not None:
        file = host.file(f"{FOLDER}/{name}")
        assert (file.user, file.group, file.mode) == ("root", "postwright-backup", 0o640)
        assert host.file(FOLDER).mode == 0o750
