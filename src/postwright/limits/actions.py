"""What root does about an account: freeze, hold, tell, release (role limits)."""

from __future__ import annotations

import os
import smtplib
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from .ledger import Frozen, Ledger
from .queue import HOLD, PATIENCE, Queued, hold, queued
from .shell import run

# Whose logins Dovecot refuses (/etc/dovecot/passdb.lua): an address and a tab on each line.
LOCKED = Path("/var/lib/postwright/locked-out/accounts")
_LISTED = 20


@dataclass(frozen=True)
class Report:
    """What became of an account: `frozen` is None once it submits again.

    `anew` tells whether that is news, and is None where nothing was to be changed.
    """

    login: str
    frozen: Frozen | None
    anew: bool | None
    held: list[Queued]
    sessions: int
    locked_out: bool


def freeze(ledger: Ledger, login: str, lock_out: bool) -> Report:
    """Let an account submit nothing, hold its queued mail and end its sessions."""
    now = time.time()
    anew = ledger.freeze(Frozen(login, now, "by the operator", "", told=True))
    if lock_out:
        locked(login, True)
    held = hold(login, ledger.taken(login, now - PATIENCE))
    sessions = end_sessions(login)
    frozen = next(each for each in ledger.frozen() if each.login == login)
    return Report(login, frozen, anew, held, sessions, locked(login))


def release(ledger: Ledger, login: str, delete_held: bool) -> Report:
    """Let an account submit again; what was held leaves, or is deleted.

    The ledger comes last, so that what was interrupted is done again.
    """
    if login not in {each.login for each in ledger.frozen()}:
        return Report(login, None, False, [], 0, False)
    held = held_of(login)
    if held:
        ids = [each.queue_id for each in held]
        run("postsuper", "-d" if delete_held else "-H", "-", text="\n".join(ids))
        for each in ids if not delete_held else ():
            # Now, not at the queue's next turn.
            run("postqueue", "-i", each)
    if locked(login):
        locked(login, False)
    return Report(login, None, ledger.release(login), held, 0, False)


def frozen(ledger: Ledger) -> list[Report]:
    """Return who is frozen, and what is held of each."""
    return [
        Report(each.login, each, None, held_of(each.login), 0, locked(each.login))
        for each in ledger.frozen()
    ]


def held_of(login: str) -> list[Queued]:
    """Return what is held of an account's mail."""
    return [each for each in queued(login) if each.queue == HOLD]


def follow(ledger: Ledger, hostname: str, trigger: Path) -> None:
    """Hold what accounts have queued that the daemon froze, and tell the postmaster.

    A run that is killed is done again: each step is written down only once it is done.
    """
    while untold := [each for each in ledger.frozen() if not each.told]:
        for each in untold:
            held = hold(each.login, ledger.taken(each.login, each.since - PATIENCE))
            print(f"{each.login} is frozen; {len(held)} queued messages are held", flush=True)
            with smtplib.SMTP("127.0.0.1", timeout=60) as session:
                session.send_message(alert(hostname, each, held), from_addr="")
            ledger.told(each.login)
        # Before the ledger is read again: what the daemon writes after that, it announces again.
        trigger.unlink(missing_ok=True)
    trigger.unlink(missing_ok=True)


def alert(hostname: str, account: Frozen, held: Sequence[Queued]) -> EmailMessage:
    """Return what the postmaster is told when an account is frozen."""
    login = account.login
    told = EmailMessage()
    told["From"] = f"Postwright <mailer-daemon@{hostname}>"
    told["To"] = f"postmaster@{hostname}"
    told["Subject"] = f"{login} is frozen: it submitted too much mail"
    told["Date"] = formatdate()
    told["Message-ID"] = make_msgid(domain=hostname)
    told["Auto-Submitted"] = "auto-generated"
    some = "".join(f"    {line(each)}\n" for each in held[:_LISTED])
    more = f"    and {len(held) - _LISTED} more\n" if len(held) > _LISTED else ""
    told.set_content(
        f"{login} offered {account.why}, which is over its limit, and submits nothing more.\n"
        f"The last was {account.last}.\n\n"
        f"{len(held)} messages of it were still in the queue and are held for review.\n"
        f"{some}{more}\n"
        "If the password was stolen, change it, then decide. Where Postwright runs:\n\n"
        f"    postwright freeze {login} -i INVENTORY      see what is held, end its sessions\n"
        f"    postwright release {login} -i INVENTORY     let it submit again, and the mail leave\n"
        f"    postwright release {login} -i INVENTORY --delete-held\n\n"
        f"On {hostname} itself: postwright-limits freeze, release and frozen do the same, and\n"
        "`postcat -q ID` shows a message.\n"
    )
    return told


def line(message: Queued) -> str:
    """Return one message as people read it."""
    to = ", ".join(message.recipients)
    return f"{message.queue_id}  {message.sender or '<>'} -> {to}  {message.size} bytes"


def end_sessions(login: str) -> int:
    """End an account's IMAP, POP3 and ManageSieve sessions; return how many there were.

    Dovecot also forgets that it knew the password.
    """
    run("doveadm", "auth", "cache", "flush", login)
    # A line for each session, after the heads.
    listed = run("doveadm", "-f", "tab", "who", "-1", login).splitlines()[1:]
    subprocess.run(["doveadm", "kick", login], check=False, capture_output=True)
    return len(listed)


def locked(login: str, wanted: bool | None = None) -> bool:
    """Tell whether Dovecot refuses an account's logins, after changing that where it is wanted."""
    there = set(LOCKED.read_text(encoding="utf-8").split()) if LOCKED.exists() else set()
    if wanted is None:
        return login in there
    there = there | {login} if wanted else there - {login}
    new = LOCKED.with_suffix(".new")
    new.write_text("".join(f"{each}\t\n" for each in sorted(there)), encoding="utf-8")
    os.chown(new, 0, LOCKED.parent.stat().st_gid)
    new.chmod(0o640)
    new.replace(LOCKED)
    run("doveadm", "auth", "cache", "flush", login)
    return wanted
