"""Where reports lie: files, and Maildirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import ReportError

MAX_INPUT = 64 * 2**20
"""The largest file or message that is read at all; reports of a few MiB are the largest seen."""


@dataclass(frozen=True)
class Item:
    """Something that may hold reports.

    Attributes:
        name: what errors call it.
        data: its content.
        mailbox: whether it lay in a mailbox, where other mail may lie too.
    """

    name: str
    data: bytes
    mailbox: bool = False


def items(path: Path) -> Iterator[Item | ReportError]:
    """Yield what lies at a path; in its place an error where it cannot be read."""
    if not path.is_dir():
        yield _item(path, mailbox=False)
    elif (path / "cur").is_dir():
        # cur(5): `new` are those that no mail program has seen yet; neither is touched.
        for folder in (path / "new", path / "cur"):
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if file.is_file():
                    yield _item(file, mailbox=True)
    else:
        yield ReportError(
            f"{path} is a directory, but no Maildir: it has no cur",
            f"name the files: postwright reports {path}/*",
        )


def too_large(name: str) -> ReportError:
    """Return the error for what is larger than any report."""
    return ReportError(f"{name} has more than {MAX_INPUT // 2**20} MiB: it was not looked into")


def _item(file: Path, mailbox: bool) -> Item | ReportError:
    try:
        if file.stat().st_size > MAX_INPUT:
            return too_large(str(file))
        return Item(str(file), file.read_bytes(), mailbox)
    except OSError as error:
        return ReportError(
            f"{file} cannot be read: {error.strerror}", "name a file that you may read"
        )
