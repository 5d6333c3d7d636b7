"""A host's own backup: its repository, its password, and how it gets there."""

from __future__ import annotations

import hashlib
import hmac
import shlex
from typing import Literal
from urllib.parse import quote

from pydantic import SecretStr

from .backup_spec import BackupSpec
from .backup_types import Kind, Place, place
from .base import Value

_TEST_HOURS = {"daily": 24, "weekly": 7 * 24, "monthly": 31 * 24}
_SSH = "ssh -F /etc/postwright/backup/ssh_config target"


class Ssh(Value):
    """How a target is reached by SSH; `key` is None where the host makes its own.

    `known_as` is the target's name in a file of known hosts, and `authorized` what the target's
    authorized_keys says before the host's public key.
    """

    user: str
    host: str
    port: int
    known_as: str
    host_keys: list[str]
    key: str | None
    authorized: str


class Backup(Value):
    """One host's backup. `repository` is shown, `location` is what restic is given.

    `port` is what the host has to reach at the target; None where that is its own disk, whose
    `directory` it is.
    """

    kind: Kind
    repository: str
    location: str
    directory: str | None
    port: int | None
    options: list[str]
    ssh: Ssh | None
    password: str | None
    old_password: str | None
    environment: dict[str, str]
    interval_hours: int
    keep: dict[str, int]
    append_only: bool
    test: Literal["daily", "weekly", "monthly"]
    test_hours: int

    def without_secrets(self) -> Backup:
        """Return what may be known of it to whoever proves the host."""
        ssh = self.ssh and self.ssh.model_copy(update={"key": None})
        known = {"location": self.repository, "ssh": ssh}
        return self.model_copy(
            update={**known, "password": None, "old_password": None, "environment": {}}
        )


def backup(spec: BackupSpec, host: str) -> Backup:
    """Return the backup of one host."""
    at = place(spec.repository)
    secrets = {name: each.get_secret_value() for name, each in sorted(spec.credentials.items())}
    ssh = _ssh(spec, at, host) if at.kind == "sftp" else None
    shown = _repository(spec, at, host, {})
    return Backup(
        kind=at.kind,
        repository=shown,
        location="rclone:target"
        if ssh and spec.append_only
        else _repository(spec, at, host, secrets),
        directory=f"{at.path}/{host}" if at.kind == "local" else None,
        port=at.port,
        options=_options(spec) if ssh else [],
        ssh=ssh,
        password=host_password(spec.password, host),
        old_password=spec.old_password and host_password(spec.old_password, host),
        environment=secrets if at.kind == "s3" else {},
        interval_hours=spec.interval_hours,
        keep=spec.keep.model_dump(),
        append_only=spec.append_only,
        test=spec.test,
        test_hours=_TEST_HOURS[spec.test],
    )


def host_password(password: SecretStr, host: str) -> str:
    """Return the password of one host's repository.

    It is what `printf %s HOST | openssl dgst -sha256 -hmac PASSWORD` prints, so that a backup opens
    without Postwright, too.
    """
    key = password.get_secret_value().encode()
    return hmac.new(key, host.encode(), hashlib.sha256).hexdigest()


def _repository(spec: BackupSpec, at: Place, host: str, secrets: dict[str, str]) -> str:
    """Return a host's repository; restic 0.14 takes a login at a REST server from its address."""
    if at.kind == "rest" and "RESTIC_REST_USERNAME" in secrets:
        login = ":".join(
            quote(secrets[f"RESTIC_REST_{word}"], safe="") for word in ("USERNAME", "PASSWORD")
        )
        return f"rest:{at.scheme}://{login}@{at.host}{at.path}/{host}/"
    return f"{spec.repository}/{host}"


def _options(spec: BackupSpec) -> list[str]:
    """Return what has restic speak by our SSH: SFTP, or with a server that it starts there.

    rclone-serve-restic(1) at the other end, as the forced command of this host's key, is what keeps
    it from deleting.
    """
    return [f"rclone.program={_SSH}"] if spec.append_only else [f"sftp.command={_SSH} -s sftp"]


def _ssh(spec: BackupSpec, at: Place, host: str) -> Ssh:
    own = shlex.quote(f"{at.path}/{host}")
    serve = f"rclone serve restic --stdio --append-only {own}"
    forced = serve if spec.append_only else "internal-sftp"
    port = at.port or 22
    return Ssh(
        user=at.user,
        host=at.host,
        port=port,
        known_as=at.host if port == 22 else f"[{at.host}]:{port}",
        host_keys=spec.host_keys,
        key=None if spec.ssh_key is None else spec.ssh_key.get_secret_value(),
        authorized=f'restrict,command="{forced}"',
    )
