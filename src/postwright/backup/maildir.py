"""Mailboxes as Dovecot keeps them in Maildirs: UIDs, flags and keywords (role backup).

Of what a client sees, nothing is in the indexes alone: UIDVALIDITY and UIDs are in
dovecot-uidlist, flags in the file names, the names of keywords in dovecot-keywords. Only for a
mailbox's 27th keyword and later ones is there no letter in the file name.
https://doc.dovecot.org/2.3/admin_manual/mailbox_formats/maildir/
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MESSAGES = ("new", "cur")
UIDS = "dovecot-uidlist"
KEYWORDS = "dovecot-keywords"


@dataclass(frozen=True)
class Message:
    """A message in a folder; `uid` is None for one that Dovecot has not numbered yet."""

    file: str
    uid: int | None
    flags: str
    keywords: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name, which it keeps for life."""
        return base(self.file)


@dataclass(frozen=True)
class Uids:
    """What a folder's dovecot-uidlist says; a folder that nobody has opened has none."""

    validity: int | None = None
    next: int | None = None
    by_name: dict[str, int] = field(default_factory=dict)


def folders(maildir: Path) -> Iterator[Path]:
    """Yield INBOX, which is the Maildir itself, and every folder in it (Maildir++)."""
    if (maildir / "cur").is_dir():
        yield maildir
    with os.scandir(maildir) as found:
        for each in sorted(found, key=lambda each: each.name):
            if each.name.startswith(".") and (Path(each.path) / "cur").is_dir():
                yield Path(each.path)


def base(file: str) -> str:
    """Return a message's name without its directory and flags."""
    return file.rpartition("/")[2].partition(":2,")[0]


def listed(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the messages of a folder: paths below it, and inodes."""
    for place in MESSAGES:
        try:
            with os.scandir(folder / place) as found:
                for each in found:
                    if not each.name.startswith("."):
                        yield f"{place}/{each.name}", each.inode()
        except FileNotFoundError:
            # A Maildir++ folder that is being made or deleted.
            continue


def messages(folder: Path) -> list[Message]:
    """Return a folder's messages by UID; those without one come last."""
    uids, names = read_uids(folder), read_keywords(folder)
    found = [_message(file, uids, names) for file, _ in listed(folder)]
    return sorted(found, key=lambda each: (each.uid is None, each.uid or 0, each.name))


def found_again(folder: Path, message: Message) -> Message | None:
    """Return a message as it is now: flags that change rename it. None where it is gone."""
    return next((each for each in messages(folder) if each.name == message.name), None)


def read_uids(folder: Path) -> Uids:
    """Return what a folder's dovecot-uidlist says."""
    head, *lines = _lines(folder / UIDS) or [""]
    words = {word[0]: word[1:] for word in head.split()[1:]}
    by_name = {}
    for line in lines:
        fields, colon, file = line.partition(" :")
        number = fields.split(" ", 1)[0]
        if colon and number.isdigit():
            by_name[base(file)] = int(number)
    return Uids(_number(words.get("V")), _number(words.get("N")), by_name)


def read_keywords(folder: Path) -> dict[str, str]:
    """Return a folder's keywords by the letter that stands for each in file names."""
    pairs = [line.split(" ", 1) for line in _lines(folder / KEYWORDS)]
    return {
        chr(ord("a") + int(number)): name
        for number, name in (pair for pair in pairs if len(pair) == 2)
        if number.isdigit() and int(number) < 26
    }


def _message(file: str, uids: Uids, names: dict[str, str]) -> Message:
    letters = file.partition(":2,")[2]
    return Message(
        file=file,
        uid=uids.by_name.get(base(file)),
        flags="".join(sorted(letter for letter in letters if letter.isupper())),
        keywords=tuple(sorted(names[letter] for letter in letters if letter in names)),
    )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
