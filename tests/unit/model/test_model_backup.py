"""What a host's backup is, from what the operator wrote once for all."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from model_cases_backup import GOOD, HOST_KEY, LOCAL, S3
from model_samples import spoilt

from postwright.model import derive, load, mail_for_verify
from postwright.model.backups import Backup


def backup(spec: dict[str, Any], host: str = "mx1") -> Backup:
    """Return the backup of a host."""
    found = derive(load(*spoilt(("mail_backup", spec))), host).backup
    assert found is not None
    return found


def test_without_any_there_is_none() -> None:
    assert derive(load(*spoilt()), "mx1").backup is None


@pytest.mark.parametrize(
    ("spec", "repository", "port", "directory"),
    [
        (LOCAL, "/srv/backup/mx1", None, "/srv/backup/mx1"),
        (GOOD, "sftp:backup@peer.test:/srv/backup/mx1", 22, None),
        (
            GOOD | {"repository": "sftp://backup@peer.test:2222//srv/backup/"},
            "sftp://backup@peer.test:2222//srv/backup/mx1",
            2222,
            None,
        ),
        (S3, "s3:https://s3.peer.test/mail/mx1", 443, None),
        (S3 | {"repository": "s3:http://s3.peer.test:9000/mail"},
         "s3:http://s3.peer.test:9000/mail/mx1", 9000, None),
    ],
)  # fmt: skip
def test_each_host_has_a_repository_below(
    spec: dict[str, Any], repository: str, port: int | None, directory: str | None
) -> None:
    found = backup(spec)
    assert (found.repository, found.port, found.directory) == (repository, port, directory)
    assert found.location == repository


def test_each_host_has_a_password_that_openssl_makes_too() -> None:
    one, other = backup(LOCAL, "mx1").password, backup(LOCAL, "mx2").password
    assert one != other
    command = ["openssl", "dgst", "-sha256", "-hmac", LOCAL["password"]]
    said = subprocess.run(command, input=b"mx1", capture_output=True, check=True).stdout
    assert said.decode().split()[-1] == one


def test_the_password_before_is_made_for_each_host_too() -> None:
    before = "another that is long enough"
    found = backup(LOCAL | {"old_password": before})
    assert found.old_password == backup(LOCAL | {"password": before}).password
    assert found.without_secrets().old_password is None
    assert backup(LOCAL).old_password is None


def test_an_append_only_host_asks_for_a_server_that_deletes_nothing() -> None:
    found = backup(GOOD | {"append_only": True})
    assert found.ssh is not None
    assert found.location == "rclone:target"
    assert found.options[0].startswith("rclone.program=ssh ")
    serve = "rclone serve restic --stdio --append-only /srv/backup/mx1"
    assert found.ssh.authorized == f'restrict,command="{serve}"'


def test_a_target_at_another_port_is_known_by_it() -> None:
    found = backup(GOOD | {"repository": "sftp://backup@peer.test:2222//srv/backup"}).ssh
    assert found is not None
    assert (found.known_as, found.host_keys) == ("[peer.test]:2222", [HOST_KEY])
    assert found.authorized == 'restrict,command="internal-sftp"'


def test_a_login_at_a_rest_server_is_told_to_restic_alone() -> None:
    given = {"RESTIC_REST_USERNAME": "mx", "RESTIC_REST_PASSWORD": "p/w:1"}
    spec = LOCAL | {"repository": "rest:https://peer.test:8000/", "credentials": given}
    found = backup(spec)
    assert found.location == "rest:https://mx:p%2Fw%3A1@peer.test:8000/mx1/"
    assert found.repository == "rest:https://peer.test:8000/mx1"


def test_who_proves_a_host_learns_no_secret() -> None:
    known = mail_for_verify(load(*spoilt(("mail_backup", S3))))
    told = json.dumps(known)
    assert "s3.peer.test" in told
    for secret in (S3["credentials"]["AWS_SECRET_ACCESS_KEY"], backup(S3).password):
        assert f'"{secret}"' not in told
