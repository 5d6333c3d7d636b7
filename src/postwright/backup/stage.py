"""A backup laid out beside the mailboxes, as they were at one moment (role backup).

Dovecot writes a message's file once and only ever renames it, so a hard link keeps it as it is: no
byte is copied, whatever becomes of the mailbox afterwards. What Dovecot does write to is small, and
copied. All that stays from one backup to the next, which then has only what changed to link and to
send: a new link is a new ctime, and with it a new entry for restic.

An account is looked at again until nothing moved meanwhile, so that its folders belong together: a
message that is being moved is in the one or in the other.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from .maildir import base, folders, listed, read_uids

MAILDIR = "Maildir"
# What Dovecot makes anew, and what somebody is writing now.
PASSING = ("dovecot.index", "dovecot.list.index", "dovecot.mailbox.log", "dovecot-uidlist.tmp")
DIRECTORIES = ("cur", "new", "tmp")
TRIES = 20


@dataclass(frozen=True)
class Look:
    """What an account had at one moment, as paths below its home; of messages with their inodes."""

    messages: frozenset[tuple[str, int]]
    others: frozenset[str]


def accounts(mail: Path) -> Iterator[Path]:
    """Yield every account's home: DOMAIN/USER, also of accounts that are in no inventory."""
    for domain in sorted(mail.iterdir()):
        if domain.is_dir() and not domain.name.startswith("."):
            yield from (home for home in sorted(domain.iterdir()) if home.is_dir())


def address(name: str) -> str:
    """Return an account's address from DOMAIN/USER."""
    domain, _, user = name.partition("/")
    return f"{user}@{domain}"


def look(home: Path) -> Look:
    """Return what an account has now."""
    messages: set[tuple[str, int]] = set()
    others: set[str] = set()
    for folder in _folders(home):
        at = folder.relative_to(home)
        messages.update((f"{at}/{file}", inode) for file, inode in listed(folder))
    for place, within, names in os.walk(home):
        at = Path(place).relative_to(home)
        within[:] = [name for name in within if not _is_messages(at, name)]
        linked = [name for name in within if (Path(place) / name).is_symlink()]
        others.update(str(at / name) for name in (*names, *linked) if not _passes(name))
    return Look(frozenset(messages), frozenset(others))


def stage_account(home: Path, to: Path) -> int:
    """Lay an account out, beginning with what lies there; return how often it was looked at.

    Where mail comes in faster than that, what came in last may be without a UID; nothing is missing
    that was there from the beginning to the end.
    """
    to.mkdir(parents=True, exist_ok=True)
    before = look(home)
    _make_folders(home, to)
    staged = set(look(to).messages)
    for tried in range(1, TRIES + 1):
        for file, _ in staged - before.messages:
            (to / file).unlink()
        staged &= before.messages
        staged |= {each for each in before.messages - staged if _link(home / each[0], to / each[0])}
        _copy_others(home, to, before.others)
        after = look(home)
        gone = before.messages - after.messages
        if not gone and ((after == before and _numbered(to)) or tried >= TRIES // 2):
            return tried
        before = after
    return TRIES


def forget_accounts(mail: Path, staged: Path) -> None:
    """Take accounts away that are there no more."""
    there = {each.relative_to(mail) for each in accounts(mail)}
    for home in [each for each in accounts(staged) if each.relative_to(staged) not in there]:
        shutil.rmtree(home)


def stage_state(paths: list[str], to: Path) -> list[Path]:
    """Lay out what the inventory does not know, below the paths where it belongs; return these.

    A directory comes before what is in it.
    """
    found = []
    for path in map(Path, paths):
        for file in [path, *sorted(path.rglob("*"))]:
            copy = to / str(file).lstrip("/")
            if file.is_dir() and not file.is_symlink():
                copy.mkdir(parents=True, exist_ok=True)
                _copy_rights(file, copy)
                found.append(file)
                continue
            if _passes(file.name) or not (file.is_symlink() or file.is_file()):
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.is_symlink():
                copy.symlink_to(file.readlink())
            elif file.suffix == ".sqlite":
                _copy_database(file, copy)
            else:
                _copy(file, copy)
            found.append(file)
    return found


def _is_messages(at: Path, name: str) -> bool:
    """Tell whether a directory holds messages, or those that are being written."""
    inside = at.parts[:1] == (MAILDIR,)
    return inside and len(at.parts) <= 2 and name in DIRECTORIES


def _passes(name: str) -> bool:
    return name.startswith(PASSING) or name.endswith((".lock", "-wal", "-shm", "-journal"))


def _folders(home: Path) -> Iterator[Path]:
    if (home / MAILDIR).is_dir():
        yield from folders(home / MAILDIR)


def _numbered(to: Path) -> bool:
    """Tell whether every message that was laid out has its UID."""
    return all(
        read_uids(folder).by_name.keys() >= {base(file) for file, _ in listed(folder)}
        for folder in _folders(to)
    )


def _make_folders(home: Path, to: Path) -> None:
    """Have each folder's directories, and no other's: one without any message is one, too."""
    there = {folder.relative_to(home) for folder in _folders(home)}
    for gone in {folder.relative_to(to) for folder in _folders(to)} - there:
        shutil.rmtree(to / gone)
    for folder in there:
        for name in DIRECTORIES:
            (to / folder / name).mkdir(parents=True, exist_ok=True)


def _link(file: Path, to: Path) -> bool:
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, to)
    except FileNotFoundError:
        return False
    return True


def _copy_others(home: Path, to: Path, others: frozenset[str]) -> None:
    """Copy what is no message, and forget what is not there any more."""
    for old in [*look(to).others - others]:
        (to / old).unlink()
    for name in others:
        file, copy = home / name, to / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if file.is_symlink():
                copy.unlink(missing_ok=True)
                copy.symlink_to(file.readlink())
            elif file.is_file():
                _copy(file, copy)


def _copy(file: Path, to: Path) -> None:
    """Copy a file with its times, mode and owner, unless that was done before."""
    stat = file.stat()
    if to.exists():
        was = to.stat()
        if (was.st_mtime_ns, was.st_size) == (stat.st_mtime_ns, stat.st_size):
            return
    shutil.copy2(file, to)
    _copy_rights(file, to)


def _copy_rights(file: Path, to: Path) -> None:
    stat = file.stat()
    os.chown(to, stat.st_uid, stat.st_gid)
    to.chmod(stat.st_mode & 0o7777)


def _copy_database(file: Path, to: Path) -> None:
    """Copy a database as of one transaction (SQLite's online backup)."""
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
    _copy_rights(file, to)
