"""What was fetched from a backup, put where it belongs, with its owners (role backup)."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Iterable
from pathlib import Path


def place_state(found: Path, state: dict[str, dict[str, str]], allowed: list[str]) -> list[str]:
    """Put the host's own files back; return what of them could not be.

    Each file is renamed into place, so that half of one is never seen. Whom this host does not
    know becomes root: systemd gives a service's directory to the user that it makes for it.
    """
    said = []
    for path, known in state.items():
        to, copy = Path(path), found / path.lstrip("/")
        if not any(to.is_relative_to(each) for each in allowed) or ".." in to.parts:
            said.append(f"{path} is none of this host's own files any more")
        elif "link" not in known and not copy.exists():
            said.append(f"{path} is missing")
        else:
            _place(copy, to, known)
    return said


def place_home(found: Path, mail: Path, name: str) -> bool:
    """Put an account's mail back as a whole, unless it has some; return whether it was put back."""
    home, copy = mail / name, found / name
    if home.exists() or not copy.is_dir():
        return False
    owner = mail.stat()
    home.parent.mkdir(mode=0o700, exist_ok=True)
    os.chown(home.parent, owner.st_uid, owner.st_gid)
    give(copy, owner.st_uid, owner.st_gid)
    copy.rename(home)
    return True


def give(folder: Path, user: int, group: int) -> None:
    """Give a directory and all in it to a user."""
    os.chown(folder, user, group)
    for place, within, names in os.walk(folder):
        for name in (*within, *names):
            os.chown(Path(place) / name, user, group, follow_symlinks=False)


def missing(found: Path, home: Path, names: Iterable[str]) -> list[str]:
    """Return which of these paths an account's home does not have, and the backup does."""
    return [
        name for name in names if not os.path.lexists(home / name) and os.path.lexists(found / name)
    ]


def _place(copy: Path, to: Path, known: dict[str, str]) -> None:
    owner, group = _user(known["owner"]), _group(known["group"])
    mode = int(known["mode"], 8)
    if "sha256" not in known and "link" not in known:
        to.mkdir(parents=True, exist_ok=True)
        os.chown(to, owner, group)
        to.chmod(mode)
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    new = to.with_name(f".{to.name}.new")
    new.unlink(missing_ok=True)
    if "link" in known:
        new.symlink_to(known["link"])
    else:
        # With its times: the oldest of two DKIM keys is told by them.
        shutil.copy2(copy, new)
        os.chown(new, owner, group)
        new.chmod(mode)
    new.replace(to)


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return 0


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return 0
