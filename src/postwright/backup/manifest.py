"""What a backup holds, written into it: what a restore has to bring back (role backup).

One line for each message, with its UID, flags, keywords and the digest of its bytes, and one for
each other file. A restore is compared with it, and what one cannot bring back is named by it.
"""

from __future__ import annotations

import grp
import hashlib
import json
import pwd
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .maildir import Message, base, folders, found_again, messages, read_uids
from .stage import MAILDIR, look

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S[^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_HEAD = 65536  # bytes, in which a message's Message-ID is looked for


@dataclass(frozen=True)
class Entry:
    """A message, or another file (then without a folder).

    `file` is its path below the folder, or below the account's home; `link` is where a symbolic
    link leads.
    """

    file: str
    size: int
    sha256: str
    folder: str | None = None
    validity: int | None = None
    uid: int | None = None
    flags: str = ""
    keywords: tuple[str, ...] = ()
    id: str = ""
    link: str | None = None

    @property
    def named(self) -> str:
        """How the operator is told of it."""
        if self.folder is None:
            return self.file
        return f"{self.folder} UID {self.uid} {self.id or self.file}"


def entries(home: Path, known: Iterable[Entry] = ()) -> Iterator[Entry]:
    """Yield what an account has; the digest of a message that is `known` is not made again."""
    yield from message_entries(home, known)
    for other in sorted(look(home).others):
        path = home / other
        if path.is_symlink():
            yield Entry(file=other, size=0, sha256="", link=str(path.readlink()))
        else:
            yield Entry(file=other, size=path.stat().st_size, sha256=digest(path))


def message_entries(home: Path, known: Iterable[Entry] = ()) -> Iterator[Entry]:
    """Yield the messages that an account has, while clients are logged in.

    A message's name and bytes never change: a size that does says that it is another.
    """
    digests = {(*place(each), each.size): each for each in known}
    if not (home / MAILDIR).is_dir():
        return
    for folder in folders(home / MAILDIR):
        validity = read_uids(folder).validity
        for message in messages(folder):
            if found := _message_entry(folder, message, validity, digests):
                yield found


def _message_entry(
    folder: Path, message: Message, validity: int | None, digests: dict[tuple[Any, ...], Entry]
) -> Entry | None:
    name, path = "INBOX" if folder.name == MAILDIR else folder.name, folder / message.file
    try:
        size = path.stat().st_size
        seen = digests.get((name, message.name, size))
        return Entry(
            file=message.file,
            size=size,
            sha256=seen.sha256 if seen else digest(path),
            folder=name,
            validity=validity,
            uid=message.uid,
            flags=message.flags,
            keywords=message.keywords,
            id=seen.id if seen else _message_id(path),
        )
    except FileNotFoundError:
        # Its flags changed, and with them its name; or it is gone.
        again = found_again(folder, message)
        return _message_entry(folder, again, validity, digests) if again else None


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write(file: Path, found: Iterable[Entry]) -> dict[str, int]:
    """Write an account's lines; return how many `messages` and `bytes` they are for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    count = size = 0
    with file.open("w", encoding="utf-8") as out:
        for each in found:
            said = {
                key: value for key, value in asdict(each).items() if value not in (None, "", ())
            }
            out.write(json.dumps(said) + "\n")
            count += each.folder is not None
            size += each.size
    return {"messages": count, "bytes": size}


def read(file: Path) -> list[Entry]:
    """Return an account's lines; none where there is no such file."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [_entry(json.loads(line)) for line in lines]


def differences(wanted: Iterable[Entry], found: Iterable[Entry]) -> list[str]:
    """Return what is missing, other than it was, or too much; nothing where all is there."""
    there = {place(each): each for each in found}
    said = []
    for each in wanted:
        other = there.pop(place(each), None)
        if other is None:
            said.append(f"{each.named} is missing")
        elif other != each:
            said.append(f"{each.named} is not as it was: {_changed(each, other)}")
    return said + [f"{each.named} was not in the backup" for each in there.values()]


def state_entries(root: Path, paths: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Return digest, owner, group and mode of what lies below a root as it does on a host.

    Names, not numbers: another host's users have others.
    """
    return {str(path): _state(root / str(path).lstrip("/")) for path in paths}


def state_differences(root: Path, wanted: dict[str, dict[str, str]]) -> list[str]:
    """Return what of these files is missing below a root, or other than it was."""
    said = []
    for path, known in wanted.items():
        file = root / path.lstrip("/")
        if not (file.is_symlink() or file.exists()):
            said.append(f"{path} is missing")
        elif _content(file) != {key: known[key] for key in ("link", "sha256") if key in known}:
            said.append(f"{path} is not as it was")
    return said


def _state(file: Path) -> dict[str, str]:
    stat = file.lstat()
    return {
        **_content(file),
        "owner": _user(stat.st_uid),
        "group": _group(stat.st_gid),
        "mode": f"{stat.st_mode & 0o7777:04o}",
    }


def _content(file: Path) -> dict[str, str]:
    if file.is_symlink():
        return {"link": str(file.readlink())}
    if file.is_dir():
        return {}
    return {"sha256": digest(file)}


def _user(number: int) -> str:
    """Return a user's name; one that a unit has only while it runs (DynamicUser) may have none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _entry(said: dict[str, object]) -> Entry:
    keywords = said.pop("keywords", ())
    return Entry(**{"size": 0, "sha256": "", **said}, keywords=tuple(keywords))  # type: ignore


def place(entry: Entry) -> tuple[str | None, str]:
    """Return where it lies, by what does not change: its folder, and its name without flags."""
    return entry.folder, base(entry.file) if entry.folder else entry.file


def _changed(one: Entry, other: Entry) -> str:
    before, after = asdict(one), asdict(other)
    return ", ".join(f"{key} {before[key]} became {after[key]}"
                     for key in before if before[key] != after[key])  # fmt: skip


def _message_id(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    end = re.search(rb"\r?\n\r?\n", head)
    found = _MESSAGE_ID.search(head[: end.start()] if end else head)
    return found[1].decode("utf-8", "replace").strip() if found else ""
