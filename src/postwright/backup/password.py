"""The password of a host's repository is rolled over (role backup).

restic keeps a file for each password, all with the repository's one key in them. The new password's
is made by the old one and proven before the old one's goes: wherever a run is killed, one of both
opens the repository, and the next run goes on from there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from .config import FOLDER, Config
from .restic import Restic, WrongPasswordError, of_host
from .trouble import TroubleError

NEEDLESS = "old_password of mail_backup opens nothing any more; it can go from the inventory"


@dataclass(frozen=True)
class Outcome:
    """What opening a repository did, and what the operator should know."""

    did: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def before(config: Config, folder: Path = FOLDER) -> Restic | None:
    """Return a mail host's repository by its old password; None where there is none.

    Nor is there while Ansible has written the old one, and not the new one yet.
    """
    old = folder / "old_password"
    if not old.exists() or old.read_bytes() == (folder / "password").read_bytes():
        return None
    return of_host(config, folder, old.name)


def of_host_now(config: Config) -> Restic:
    """Return a mail host's repository by the password that opens it now."""
    return opening(of_host(config), before(config))


def opening(restic: Restic, old: Restic | None) -> Restic:
    """Return the repository by the new password, or by the old one where that alone opens it.

    Raises:
        WrongPasswordError: neither does.
    """
    if old is None or opens(restic):
        return restic
    if opens(old):
        return old
    raise WrongPasswordError(
        "the repository opens neither with `password` nor with `old_password` of mail_backup "
        f"({restic.repository})",
        "give `old_password` the value that the repository was made with, or name another "
        "repository",
    )


def opens(restic: Restic) -> bool:
    """Tell whether a password opens the repository."""
    try:
        restic.id()
    except WrongPasswordError:
        return False
    return True


def add(restic: Restic, old: Restic) -> list[str]:
    """Have the new password open a repository that one of both opens; return what was done."""
    if opens(restic):
        return []
    old.unlock()
    old.run("key", "add", "--new-password-file", restic.secrets["RESTIC_PASSWORD_FILE"])
    return ["the new password opens the repository, beside the old one"]


def retire(config: Config, restic: Restic, old: Restic) -> Outcome:
    """Have the old password not open the repository any more, once the new one is proven.

    Who may delete nothing leaves the old one's file there, and says so.

    Raises:
        TroubleError: the new one does not open what it was added to, or restic failed.
    """
    if not opens(old):
        return Outcome([], [NEEDLESS])
    _prove(restic, old)
    restic.unlock()
    if config.append_only:
        return Outcome([], [_stays(config, _file(old))])
    # There may be several, made by hand.
    while opens(old):
        restic.run("key", "remove", _file(old))
    return Outcome(["the old password does not open the repository any more"], [NEEDLESS])


def _prove(restic: Restic, old: Restic) -> None:
    """See that the new password leads to the very same backups.

    Raises:
        TroubleError: it does not; the old one stays.
    """
    by_new, by_old = (_seen(each) for each in (restic, old))
    if by_new != by_old:
        raise TroubleError(
            f"the new password does not show what the old one does ({restic.repository})",
            "the old one stays; look at the repository (docs/backup.md), then run this again",
        )


def _seen(restic: Restic) -> tuple[str, list[str]]:
    """Return the repository's id and its backups', read from the target itself."""
    return restic.id(), [str(each["id"]) for each in restic.snapshots("--no-lock", cache=False)]


def _file(old: Restic) -> str:
    """Return which of restic's key files an old password opens."""
    found = json.loads(old.run("key", "list", "--json"))
    return next(str(each["id"]) for each in found if each["current"])


def _stays(config: Config, file: str) -> str:
    return (
        "the old password still opens the repository: this host may delete nothing (`append_only`)."
        f"\nmend: with a credential that may: postwright backup restic {config.host} -i INVENTORY "
        f"-- key remove {file}"
    )
