"""What the inventory says of a host's backup, and where its parts lie (role backup)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/etc/postwright/backup")
STATE = Path("/var/lib/postwright-backup")
CACHE = Path("/var/cache/postwright-backup")
USER = "postwright-backup"
KEEP = STATE / "keep"
"""There while the next backup is to be kept, whatever `keep` of mail_backup says."""
HOUR = 3600  # seconds


@dataclass(frozen=True)
class Config:
    """What Ansible wrote down.

    Attributes:
        host: the host's name in the inventory, and in the repository.
        hostname: its public name.
        repository: where its backups go, in restic's words; without any credential.
        options: restic's own options for that (`-o`).
        authorized: what the target's authorized_keys says before this host's public key; empty
            where no SSH is used.
        public_key: the file of that key; none where the operator gave the host its key.
        mail: the directory of all mailboxes.
        state: files and directories with what the inventory does not know.
        interval_hours: how often a backup is made.
        alarm_intervals: after how many of those without a good one the postmaster is told.
        test_hours: how often the newest backup is restored and compared.
        keep: how many snapshots are kept, by restic's names (`hourly`, `daily` and so on).
        append_only: whether this host can add, and delete nothing.
    """

    host: str
    hostname: str
    repository: str
    options: list[str]
    authorized: str
    public_key: str
    mail: str
    state: list[str]
    interval_hours: int
    alarm_intervals: int
    test_hours: int
    keep: dict[str, int]
    append_only: bool

    @property
    def ssh_line(self) -> str:
        """What the target's authorized_keys has to say."""
        own = Path(self.public_key)
        key = own.read_text(encoding="utf-8").strip() if own.exists() else "PUBLIC HALF OF ssh_key"
        return f"{self.authorized} {key}"

    @property
    def stage(self) -> Path:
        """Where a backup is laid out: on the mailboxes' file system, since it links to them."""
        return Path(self.mail) / ".backup"


def read_config(file: Path = FOLDER / "config.json") -> Config:
    """Return what Ansible wrote down."""
    said = json.loads(file.read_text(encoding="utf-8"))
    said.pop("role")
    return Config(**said)
