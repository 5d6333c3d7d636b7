"""Of a backup, what a mailbox lacks: each copy of a message, wherever its twin lies."""

from __future__ import annotations

import pytest

from postwright.backup.lacking import lacking
from postwright.backup.manifest import Entry


def entries(said: str) -> list[Entry]:
    """Return messages written as FOLDER/CONTENT; the same content is the same message."""
    return [
        Entry(file=f"{number}", size=1, sha256=each.split("/")[1], folder=each.split("/")[0])
        for number, each in enumerate(said.split())
    ]


@pytest.mark.parametrize(
    ("backup", "there", "lacks"),
    [
        ("INBOX/a INBOX/b", "", "INBOX/a INBOX/b"),
        ("INBOX/a INBOX/b", "INBOX/a", "INBOX/b"),
        ("INBOX/a", ".Archive/a", ""),
        ("INBOX/a .Archive/a", "INBOX/a", ".Archive/a"),
        ("INBOX/a .Archive/a", ".Archive/a", "INBOX/a"),
        ("INBOX/a .Archive/a", ".Archive/a .Trash/a", ""),
        ("INBOX/a INBOX/a", "INBOX/a", "INBOX/a"),
        ("INBOX/a", "INBOX/a INBOX/a .Sent/b", ""),
    ],
)
def test_each_copy_counts_and_a_moved_message_is_there(backup: str, there: str, lacks: str) -> None:
    found = lacking(entries(backup), entries(there))
    assert [f"{each.folder}/{each.sha256}" for each in found] == lacks.split()
