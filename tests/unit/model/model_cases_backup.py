"""Bad backups, and what must be said of them."""

from __future__ import annotations

from typing import Any

from model_cases import HIDDEN, Case
from model_samples import GONE

# The public half of a key that was made for this, and is used nowhere.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILjps5IE4Ac3rIuYmlSwQOmiPa4iDmfoNCS0s4oXMzHx"
GOOD = {
    "repository": "sftp:backup@peer.test:/srv/backup",
    "password": "correct horse battery staple",
    "host_keys": [HOST_KEY],
}
S3 = {
    "repository": "s3:https://s3.peer.test/mail",
    "password": GOOD["password"],
    "credentials": {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"},
}
LOCAL = {"repository": "/srv/backup", "password": GOOD["password"]}


def _but(base: dict[str, Any], **changes: object) -> list[tuple[str, object]]:
    known = {**base, **changes}
    return [("mail_backup", {key: value for key, value in known.items() if value is not GONE})]


def _case(
    name: str,
    base: dict[str, Any],
    changes: dict[str, object],
    key: str,
    value: str | None,
    message: str,
    mend: str,
) -> Case:
    return Case(name, _but(base, **changes), f"mail_backup.{key}", value, message, mend)


def _repository(name: str, value: str, message: str, mend: str) -> Case:
    return _case(name, LOCAL, {"repository": value}, "repository", HIDDEN, message, mend)


BACKUP_CASES = [
    _case("unknown key of a backup", LOCAL, {"intervall": 1}, "intervall", None,
          "unknown key", "'interval_hours'"),
    _case("backup without a password", LOCAL, {"password": GONE}, "password", None,
          "is missing", "keep it in the vault"),
    _case("short password of backups", LOCAL, {"password": "hunter2"}, "password", HIDDEN,
          "shorter than 20 letters", "openssl rand"),
    _case("old password of backups that is the present one", LOCAL,
          {"old_password": LOCAL["password"]}, "old_password", HIDDEN,
          "is the same as `password`", "leave `old_password` out"),
    _case("interval that is no part of a day", LOCAL, {"interval_hours": 5}, "interval_hours", "5",
          "must be 1, 2, 3, 4, 6, 8, 12 or 24", "write one of"),
    _case("SFTP without host keys", GOOD, {"host_keys": GONE}, "host_keys", None,
          "is missing", "ssh-keyscan -p 22 peer.test"),
    _case("host key that is cut off", GOOD, {"host_keys": ["ssh-ed25519 AAAA"]}, "host_keys[0]",
          '"ssh-ed25519 AAAA"', "is cut off", "ssh-keyscan"),
    _case("host key with its host's name", GOOD, {"host_keys": [f"peer {HOST_KEY}"]},
          "host_keys[0]", None, "is no public SSH key", "behind the name"),
    _case("host keys of a path", LOCAL, {"host_keys": [HOST_KEY]}, "host_keys", None,
          "is for sftp:", "remove it"),
    _case("SSH key that is none", GOOD, {"ssh_key": "x"}, "ssh_key", HIDDEN,
          "is no private SSH key", "ssh-keygen"),
    _case("append-only on the host's own disk", LOCAL, {"append_only": True}, "append_only", "true",
          "cannot be had", "on another host"),
    _case("nothing is kept", LOCAL,
          {"keep": {"hourly": 0, "daily": 0, "weekly": 0, "monthly": 0}}, "keep", None,
          "keeps no snapshot", "above 0"),
    _case("S3 without a secret", S3, {"credentials": {"AWS_ACCESS_KEY_ID": "id"}},
          "credentials.AWS_SECRET_ACCESS_KEY", None, "is missing", "from the vault"),
    _case("misspelt credential", S3,
          {"credentials": {**S3["credentials"], "AWS_DEFAULT_REGIO": "x"}},
          "credentials.AWS_DEFAULT_REGIO", None, "no credential for s3", "'AWS_DEFAULT_REGION'"),
    _repository("repository of a kind that is not known", "b2:bucket:path",
                "no place that Postwright", "sftp:user@host:/path"),
    _repository("root as a repository", "/", "no directory for backups alone", "/srv/backup"),
    _repository("SFTP without a user", "sftp:peer.test:/srv", "names no user", "sftp:user@host"),
    _repository("S3 without a bucket", "s3:https://s3.peer.test", "names no bucket", "bucket"),
    _repository("credential in an address", "rest:https://me:hidden@peer.test/",
                "has a credential in it", "vault"),
    _repository("REST in clear", "rest:http://peer.test/", "is not https", "rest:https"),
]  # fmt: skip
