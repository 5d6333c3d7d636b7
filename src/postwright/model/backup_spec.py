"""Backups as an operator describes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .backup_types import BackupPassword, Credential, HostKey, Repository, SshKey
from .base import Strict

_Count = Annotated[int, Field(ge=0, le=10_000)]


class Keep(Strict):
    """How many snapshots are kept: the newest of each of so many hours, days and so on."""

    hourly: _Count = Field(default=48, description="Of so many hours.")
    daily: _Count = Field(default=14, description="Of so many days.")
    weekly: _Count = Field(default=8, description="Of so many weeks.")
    monthly: _Count = Field(default=12, description="Of so many months.")


class BackupSpec(Strict):
    """Where each host's mail and keys are backed up, encrypted, and how often."""

    repository: Repository = Field(
        description="Where, in restic's words: `/srv/backup`, `sftp:user@host:/path`, "
        "`s3:https://host/bucket` or `rest:https://host/path`. Each host has a repository of its "
        "own below it, by its name in the inventory.",
        examples=["sftp:backup@backup.example.org:/srv/backup"],
    )
    password: BackupPassword = Field(
        description="Each host's repository has a password of its own that is made of this one "
        "and the host's name, so that no host opens another's. Without it nothing can be restored: "
        "keep it in the vault, and the vault's password where it outlives the hosts.",
        examples=["{{ vault_backup }}"],
    )
    old_password: BackupPassword | None = Field(
        default=None,
        description="While `password` is rolled over: the one before. The next run has the new one "
        "open each repository, sees that it does, and then takes this one away "
        "(docs/rollovers.md).",
        examples=["{{ vault_backup_old }}"],
    )
    credentials: dict[str, Credential] = Field(
        default_factory=dict,
        description="What opens the target, by restic's environment variables: for `s3:` "
        "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and where needed `AWS_DEFAULT_REGION`; for "
        "`rest:` `RESTIC_REST_USERNAME` and `RESTIC_REST_PASSWORD`. Keep them in the vault.",
    )
    host_keys: list[HostKey] = Field(
        default_factory=list,
        description="The public SSH keys of an `sftp:` target, type and key. No other is taken: "
        "compare what `ssh-keyscan` prints with who runs the target.",
        examples=[["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI..."]],
    )
    ssh_key: SshKey | None = Field(
        default=None,
        description="The private SSH key that an `sftp:` target knows the hosts by. Without it "
        "each host makes one, and shows the line that the target has to know; so does a host that "
        "is built anew, before it can restore. Keep it in the vault.",
        examples=["{{ vault_backup_ssh_key }}"],
    )
    append_only: bool = Field(
        default=False,
        description="`true`: a host can add to its repository and delete nothing from it, since "
        "the target sees to that (docs/backup.md). Old snapshots are removed from elsewhere, by "
        "`postwright backup prune`.",
    )
    interval_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = Field(
        default=1, description="How often a backup is made. What came in since is lost with a host."
    )
    keep: Keep = Field(default_factory=Keep, description="How many snapshots are kept.")
    test: Literal["daily", "weekly", "monthly"] = Field(
        default="weekly",
        description="How often the newest backup is restored into a scratch place and compared "
        "with what was backed up.",
    )
