"""`postwright backup`: repositories worked on from elsewhere, with a credential that hosts lack."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from postwright.dns.console import say
from postwright.dns.edge import errors_told, load
from postwright.dns.errors import DnsError
from postwright.dns.options import AskVault, Sources, VaultFiles
from postwright.model import Inventory, derive
from postwright.model.backups import Backup

from .password import opening
from .restic import NoRepositoryError, Restic
from .run import kept
from .trouble import TroubleError

app = typer.Typer(no_args_is_help=True, help=__doc__)
Host = Annotated[str, typer.Argument(help="The host's name in the inventory.")]
Where = Annotated[
    str | None,
    typer.Option(
        "--repository", show_default=False,
        help="Where the repository of this host is seen from here, in restic's words: its path, on "
        "the target itself. Without it, as the inventory says.",
    ),
]  # fmt: skip
# Clocks differ; a snapshot from tomorrow is somebody's doing.
_AHEAD = timedelta(hours=1)


@app.command()
def prune(
    host: Host,
    inventory: Sources,
    repository: Where = None,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
) -> None:
    """Remove the snapshots that are kept no longer (`keep` of mail_backup), and show what is left.

    For append-only repositories, whose hosts cannot. Run it where restic is, with a credential of
    your own: your SSH key, or AWS_... in the environment.
    """
    with errors_told(), _troubles_told():
        backup = _backup(_inventory(inventory, vault_password_file, ask_vault_pass), host)
        restic = opened(backup, repository)
        if ahead := from_the_future(restic.snapshots("--no-lock"), datetime.now(UTC)):
            raise TroubleError(
                f"snapshots are dated in the future: {', '.join(ahead)}. restic would keep these "
                "and remove what came before",
                f"was {host} taken over? postwright backup restic {host} -- forget ID",
            )
        restic.unlock()
        words = ["--host", host, "--group-by", "host", *kept(backup.keep)]
        say(restic.run("forget", "--prune", *words).strip())


@app.command(context_settings={"ignore_unknown_options": True})
def restic(
    host: Host,
    words: Annotated[list[str], typer.Argument(help="restic's own verb and options, after `--`.")],
    inventory: Sources,
    repository: Where = None,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
) -> None:
    """Run restic on a host's repository, from here: `snapshots`, `check`, `restore`, `mount`."""
    with errors_told(), _troubles_told():
        backup = _backup(_inventory(inventory, vault_password_file, ask_vault_pass), host)
        opened(backup, repository).replace_process(words)


def opened(backup: Backup, repository: str | None) -> Restic:
    """Return a host's repository as it is opened from here; what the environment says, holds.

    While its password is rolled over, by the one that opens it now.
    """
    old = backup.old_password
    now = _by(backup, backup.password, repository)
    return opening(now, None if old is None else _by(backup, old, repository))


def _by(backup: Backup, password: str | None, repository: str | None) -> Restic:
    here = {name: os.environ[name] for name in backup.environment if name in os.environ}
    # An append-only host speaks another protocol; from here it is plain SFTP.
    location = backup.repository if backup.ssh else backup.location
    return Restic(
        repository=repository or backup.repository,
        options=[],
        secrets={
            **backup.environment,
            **here,
            "RESTIC_PASSWORD": password or "",
            "RESTIC_REPOSITORY": repository or location,
        },
    )


def from_the_future(snapshots: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """Return the snapshots that say that they were made later than now."""
    return [
        each["short_id"]
        for each in snapshots
        if datetime.fromisoformat(each["time"]) > now + _AHEAD
    ]


def _inventory(sources: list[Path], files: list[Path] | None, ask: bool) -> Inventory:
    return load(sources, files, ask, needs_secrets=True)


def _backup(inventory: Inventory, host: str) -> Backup:
    if host not in inventory.hosts:
        known = ", ".join(sorted(inventory.hosts))
        raise DnsError(f"{host} is no host of the group mail_hosts", f"known here: {known}")
    found = derive(inventory, host).backup
    if found is None:
        raise DnsError("mail_backup is not set", "docs/backup.md")
    return found


@contextmanager
def _troubles_told() -> Iterator[None]:
    try:
        yield
    except TroubleError as error:
        raise DnsError(error.said, error.mend) from None
    except NoRepositoryError as error:
        raise DnsError(f"there is no repository ({error})", "name it: --repository") from None
