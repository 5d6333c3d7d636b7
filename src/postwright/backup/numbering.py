"""Mailboxes that came back never give a number out twice (role backup).

Between the backup and the loss, UIDs were given out that the backup does not know. A client that
remembers one must not meet another message under it (RFC 9051 2.3.1.1). Likewise HIGHESTMODSEQ only
ever grows, or clients miss flags that changed (RFC 7162 3.1). Dovecot raises both: mod-sequences
are in its indexes, which are made anew.
"""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from .maildir import folders, read_uids
from .stage import MAILDIR, address
from .trouble import TroubleError

UIDS = 1_000_000
"""More messages than come into a mailbox between two backups."""
# A mailbox does not change that often, so what is told by the clock is larger each time.
MODSEQS_PER_SECOND = 1000


def raise_numbers(mail: Path, accounts: Iterable[str]) -> None:
    """Have Dovecot go on far above all UIDs and mod-sequences of these accounts (DOMAIN/USER).

    Accounts that the inventory does not know are passed over: nobody has logged in to them.

    Raises:
        TroubleError: Dovecot refused.
    """
    known = set(_doveadm("user", "*").split())
    users = {address(name): name for name in accounts if address(name) in known}
    if not users:
        return
    # Without an index there is nothing that could be raised; to be asked makes one.
    told = _doveadm_of(users, "-f", "tab", "mailbox", "status", "messages", "*")
    mailboxes = defaultdict(list)
    for line in told.splitlines()[1:]:
        user, mailbox, _ = line.split("\t")
        mailboxes[mailbox].append(user)
    uid = str(UIDS + max(_next_uid(mail / name) for name in users.values()))
    modseq = str(int(time.time() * MODSEQS_PER_SECOND))
    for mailbox, having in mailboxes.items():
        _doveadm_of(having, "mailbox", "update", "--min-next-uid", uid,
                    "--min-highest-modseq", modseq, mailbox)  # fmt: skip


def _next_uid(home: Path) -> int:
    maildir = home / MAILDIR
    found = folders(maildir) if maildir.is_dir() else ()
    return max((read_uids(folder).next or 1 for folder in found), default=1)


def _doveadm_of(users: Iterable[str], *words: str) -> str:
    """Ask of many users at once: each process of its own would cost more than its work."""
    with NamedTemporaryFile("w", encoding="utf-8", prefix="postwright-") as listed:
        listed.write("".join(f"{user}\n" for user in users))
        listed.flush()
        verb = words.index("mailbox") + 2
        return _doveadm(*words[:verb], "-F", listed.name, *words[verb:])


def _doveadm(*words: str) -> str:
    done = subprocess.run(["doveadm", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TroubleError(
            f"doveadm {' '.join(words)} failed:\n{done.stderr.strip()}",
            "systemctl status dovecot; then run the same again",
        )
    return done.stdout
