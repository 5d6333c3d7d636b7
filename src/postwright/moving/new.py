"""What the host does that accounts come to, at the word of the one that they leave (role moving).

SSH lets that one in by a key that can ask for nothing else (sshd(8), `command=`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable

from . import belongings
from .places import HERE, STATE, Account, accounts, alone, place, put
from .shell import MoveError, run


def serve(asked: list[str]) -> int:
    """Do what was asked for an account that comes here.

    Raises:
        MoveError: it is no such account, or nothing that may be asked now.
    """
    verb, address, *more = asked if len(asked) > 1 else ["", ""]
    coming = {each.address: each for each in accounts() if each.arriving}
    if address not in coming or verb not in VERBS:
        raise MoveError(f"{' '.join(asked)!r} is nothing that a move asks for")
    VERBS[verb](coming[address], *more)
    return os.EX_OK


def _where(account: Account) -> None:
    print(place(account))


def _sync(account: Account, *_: str) -> None:
    _no_other_copy(account)
    # A copy of the old mailbox would undo all that happened since.
    _refuse_arrived(account)
    command = ["doveadm", "dsync-server", "-u", account.address]
    os.execvp(command[0], command)  # noqa: S606 - its input and output are the connection


def _empty(account: Account) -> None:
    """Make room where a look at the account has made an empty mailbox; one with mail stays."""
    _refuse_arrived(account)
    home = run("doveadm", "user", "-f", "home", account.address).decode().strip()
    if run("doveadm", "search", "-u", account.address, "mailbox", "*").strip():
        raise MoveError(
            f"{account.address} has a mailbox with other mail here already. mend: look what it is, "
            f"and move {home} out of the way"
        )
    shutil.rmtree(home)


def _belongings(account: Account) -> None:
    _refuse_arrived(account)
    belongings.given(account.address, sys.stdin.buffer.read())


def _arrived(account: Account) -> None:
    _no_other_copy(account)
    put(account, HERE)


def _has(account: Account, folder: str, guid: str) -> None:
    query = ("-u", account.address, "mailbox", folder, "guid", guid)
    if guid in _saved() or run("doveadm", "search", *query).strip():
        print("yes")


def _save(account: Account, folder: str, guid: str) -> None:
    run("doveadm", "save", "-u", account.address, "-m", folder, data=sys.stdin.buffer.read())
    with alone("saved"):
        (STATE / "saved").write_text(json.dumps([*_saved(), guid]), encoding="utf-8")


def _saved() -> list[str]:
    file = STATE / "saved"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def _no_other_copy(account: Account) -> None:
    """Wait until no copy is made that a killed run began; then make sure of that until we end.

    Not closed, so that it lasts over exec.
    """
    lock = os.open(STATE / f"{account.address}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)
    fcntl.flock(lock, fcntl.LOCK_EX)


def _refuse_arrived(account: Account) -> None:
    if place(account) == HERE:
        raise MoveError(f"{account.address} lives here already")


VERBS: dict[str, Callable[..., None]] = {
    "where": _where,
    "sync": _sync,
    "empty": _empty,
    "belongings": _belongings,
    "arrived": _arrived,
    "has": _has,
    "save": _save,
}
