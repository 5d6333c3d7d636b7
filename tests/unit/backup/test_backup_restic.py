"""What restic says becomes what it means, with a mend; and no secret is in its command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from postwright.backup import restic, run
from postwright.backup.cli import from_the_future
from postwright.backup.restic import NoRepositoryError, NotLetInError, Restic
from postwright.backup.trouble import TroubleError

HERE = Restic("sftp:backup@peer.test:/srv/mx1", [], 'restrict,command="x" ssh-ed25519 AAAA')


# As restic 0.14 and 0.18, OpenSSH 9.2 and 10.0 print it.
@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("Fatal: wrong password or no key found", "does not open with this password"),
        ("subprocess ssh: Host key verification failed.", "none of those that the inventory"),
        (
            "subprocess ssh: backup@peer: Permission denied (publickey).",
            "does not let this host in",
        ),
        ("Save(<data/ab>) returned error: no space left on device", "the target is full"),
        ("ssh: connect to host peer port 22: Connection refused", "cannot be reached"),
        ("dial tcp 198.18.0.1:9000: i/o timeout", "cannot be reached"),
        ("Fatal: unable to create lock in backend: repository is already locked", "somebody else"),
        ("mkdir /srv/backup/mx1/keys: permission denied", "cannot be written to"),
        ("blob not removed, server response: 403 Forbidden (403)", "does not allow that"),
        (
            "Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized\n"
            "Is there a repository at the following location?",
            "does not know this host's credential",
        ),
        (
            "Fatal: unable to open config file: Stat: The Access Key Id you provided does not "
            "exist in our records.\nIs there a repository at the following location?",
            "does not know this host's credential",
        ),
        (
            "Stat(<config/>) returned error, retrying after 1s: The request signature we "
            "calculated does not match the signature you provided.",
            "does not know this host's credential",
        ),
        (
            'Head "https://peer.test:9001/mx1/config": tls: failed to verify certificate: x509: '
            "certificate signed by unknown authority",
            "does not prove its name",
        ),
        ("Fatal: something new", "restic backup failed"),
        (
            "Fatal: unable to open config file: Stat: Encountered an unsupported algorithm.\n"
            "Is there a repository at the following location?",
            "restic backup failed",
        ),
    ],
)
def test_what_restic_says_is_told_with_a_mend(printed: str, meant: str) -> None:
    error = HERE.meaning("backup", printed)
    assert isinstance(error, TroubleError)
    assert meant in error.said
    assert HERE.repository in error.said
    assert error.mend


def test_what_restic_does_not_tell_of_ssh_is_asked(tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\necho 'Permission denied (publickey).' >&2\n", encoding="utf-8")
    ssh.chmod(0o755)
    error = Restic("x", ["rclone.program=ssh"], "LINE", {}, (str(ssh),)).meaning(
        "cat", "error talking HTTP to rclone: unexpected EOF"
    )
    assert isinstance(error, NotLetInError)
    assert "does not let this host in" in str(error)


def test_what_rclone_always_says_is_left_out() -> None:
    said = 'rclone: NOTICE: Config file "x" not found - using defaults\nFatal: something new\n'
    assert "NOTICE" not in str(HERE.meaning("check", said))


def test_an_unknown_key_is_told_with_the_line_that_the_target_needs() -> None:
    error = HERE.meaning("cat", "Permission denied (publickey,password).")
    assert isinstance(error, TroubleError)
    assert 'restrict,command="x" ssh-ed25519 AAAA' in error.mend


@pytest.mark.parametrize(
    "printed",
    [
        "Fatal: repository does not exist: unable to open config file: stat /srv/backup/mx1/config:"
        " no such file or directory\nIs there a repository at the following location?",
        "Fatal: unable to open config file: Lstat: file does not exist",
        "Fatal: unable to open config file: Stat: The specified key does not exist.",
        "Fatal: unable to open config file: <config/> does not exist",
        "Stat(<config/>) returned error, retrying after 1s: The specified bucket does not exist",
    ],
)
def test_a_place_without_a_repository_is_known(printed: str) -> None:
    assert isinstance(HERE.meaning("cat", printed), NoRepositoryError)


def test_a_path_is_a_pattern_that_means_itself() -> None:
    assert restic.escaped("/a/*[b]?") == r"/a/\*\[b\]\?"


def test_restics_own_summary_is_found() -> None:
    printed = '{"message_type":"status"}\n{"message_type":"summary","snapshot_id":"ab"}\n'
    assert restic.summary(printed)["snapshot_id"] == "ab"


def test_what_is_kept_of_none_is_not_asked_for() -> None:
    assert run.kept({"hourly": 2, "daily": 0}) == ["--keep-tag", "kept", "--keep-hourly", "2"]


def test_a_snapshot_from_the_future_is_found() -> None:
    made = [
        {"short_id": "old", "time": "2026-11-26T11:00:00.123456789Z"},
        {"short_id": "soon", "time": "2026-11-26T12:30:00+00:00"},
        {"short_id": "forged", "time": "2036-11-26T11:00:00.5+09:00"},
    ]
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert from_the_future(made, now) == ["forged"]


def test_no_secret_is_in_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "restic"
    program.write_text(f'#!/bin/sh\necho "$@" "$RESTIC_PASSWORD" >{seen}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    options = ["sftp.command=ssh target -s sftp"]
    Restic("x", options, "", {"RESTIC_PASSWORD": "hidden"}).run("cat", "config")
    told = "-o sftp.command=ssh target -s sftp cat config hidden\n"
    assert seen.read_text(encoding="utf-8") == told


@pytest.mark.parametrize(("verb", "ends"), [("cat", True), ("snapshots", True), ("backup", False)])
def test_a_look_at_a_repository_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, ends: bool
) -> None:
    program, over = tmp_path / "restic", tmp_path / "over"
    retries = "echo 'retrying after 9s: dial tcp: connection refused' >&2"
    program.write_text(f"#!/bin/sh\n{retries}\nsleep 1\ntouch {over}\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TroubleError, match="cannot be reached"):
        Restic("x", []).run(verb)
    assert over.exists() is not ends


def test_a_warning_ends_no_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "restic"
    warning = "unable to open cache: mkdir /var/cache/x: permission denied"
    program.write_text(f"#!/bin/sh\necho '{warning}' >&2\nsleep 1\necho []\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert Restic("x", []).snapshots() == []
