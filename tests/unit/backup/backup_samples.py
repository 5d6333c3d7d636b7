"""A host's configuration, and an account's home as Dovecot keeps it: UIDs, flags and keywords."""

from __future__ import annotations

from pathlib import Path

from postwright.backup.config import Config

VALIDITY = 1700000001
CONFIG = Config(
    host="mx1",
    hostname="mx1.alpha.test",
    repository="/srv/mx1",
    options=[],
    authorized="",
    public_key="/nowhere",
    mail="/var/vmail",
    state=[],
    interval_hours=1,
    alarm_intervals=3,
    test_hours=168,
    keep={},
    append_only=False,
)


def home(root: Path, name: str = "alpha.test/taro") -> Path:
    """Return a home with INBOX (UIDs 1 to 3), an empty Sent, and a Sieve script."""
    at = root / name
    for folder in ("Maildir", "Maildir/.Sent"):
        for place in ("cur", "new", "tmp"):
            (at / folder / place).mkdir(parents=True)
    for number, file in enumerate(("cur/1.m.h:2,S", "cur/2.m.h:2,FSa", "new/3.m.h"), 1):
        message(at / "Maildir", file, f"<{number}@client.test>")
    uids(at / "Maildir", {"1.m.h": 1, "2.m.h": 2, "3.m.h": 3})
    (at / "Maildir" / "dovecot-keywords").write_text("0 $Forwarded\n1 Work\n", encoding="utf-8")
    (at / "Maildir" / "subscriptions").write_text("V\t2\n\nSent\n", encoding="utf-8")
    (at / "Maildir" / "dovecot.index.log").write_text("made anew", encoding="utf-8")
    (at / "Maildir" / "tmp" / "half").write_text("being written", encoding="utf-8")
    (at / "sieve").mkdir()
    (at / "sieve" / "main.sieve").write_text("keep;\n", encoding="utf-8")
    (at / ".dovecot.sieve").symlink_to("sieve/main.sieve")
    return at


def message(folder: Path, file: str, identity: str) -> Path:
    """Write a message into a folder."""
    path = folder / file
    path.write_text(f"Message-ID: {identity}\nSubject: x\n\nMessage-ID: <no@header>\n", "utf-8")
    return path


def uids(folder: Path, numbers: dict[str, int]) -> None:
    """Write a folder's dovecot-uidlist."""
    lines = [f"3 V{VALIDITY} N{len(numbers) + 1} G0123", *(f"{n} :{f}" for f, n in numbers.items())]
    (folder / "dovecot-uidlist").write_text("\n".join(lines) + "\n", encoding="utf-8")
