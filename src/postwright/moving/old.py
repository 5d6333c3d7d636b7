"""What the host does that accounts leave (role moving).

Each account is held only for its own last copy, however many there are: its logins are told to come
again, and its deliveries wait in the queue. Every step may be the last before a kill: `settle`,
which a timer runs too, then ends the hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import belongings, far
from .places import GIVEN, HELD, HERE, STATE, THERE, Account, accounts, note, place, put
from .shell import MoveError, run

# doveadm-sync(1): something changed meanwhile, so that another run is needed.
AGAIN = 2
TRIES = 20
# Dovecot makes an INBOX when somebody looks, and dsync replaces none.
OTHER_INBOX = "INBOX can't be deleted"
# sysexits.h EX_NOHOST: 2.3's `doveadm kick` found no session.
NOBODY = 68
SESSIONS_END = 20
"""Seconds in which Dovecot ends an account's sessions."""
LAST_COPY = 60
"""Seconds for the last copy, or the account stays where it is."""


@dataclass(frozen=True)
class Held:
    """An account that is on the other host now, for how long it was refused, and why so long."""

    address: str
    seconds: float
    ended: float
    copies: int

    def __str__(self) -> str:
        """Return it as people read it."""
        return (
            f"{self.address}: refused for {self.seconds:.1f} s (its sessions ended after "
            f"{self.ended:.1f} s; copies: {self.copies})"
        )


def leaving() -> list[Account]:
    """Return the accounts that are not on the other host yet."""
    return [each for each in accounts() if not each.arriving and place(each) != THERE]


def unfinished() -> list[Account]:
    """Return the accounts that are not on the other host, or may have had mail here since."""
    return [
        each
        for each in accounts()
        if not each.arriving and (place(each) != THERE or _noted(each).exists())
    ]


def finished(moved: list[Account]) -> None:
    """Write down that nothing of these is left here."""
    for account in moved:
        _noted(account).unlink(missing_ok=True)


def copy(account: Account, within: float | None = None) -> int:
    """Bring the other host's copy of a mailbox up to date; return how many runs that took.

    Sieve scripts are of it.

    Raises:
        MoveError: it cannot be brought over, or not within so many seconds.
    """
    end = None if within is None else time.monotonic() + within
    command = ("doveadm", "backup", "-u", account.address, *far.words(account, "sync"))
    for tried in range(1, TRIES + 1):
        try:
            run(*command, seconds=None if end is None else max(1.0, end - time.monotonic()))
        except MoveError as trouble:
            last = trouble
            if OTHER_INBOX in str(trouble):
                far.ask(account, "empty")
            elif f"ended with {AGAIN}:" not in str(trouble):
                raise
        else:
            return tried
    raise last


def settle() -> list[str]:
    """Let nobody stay held whom a run left so that was killed; return what was done."""
    did = []
    for account in accounts():
        at = place(account)
        # Of one that arrives: a move the other way was killed, and the inventory turned round.
        if at == HELD:
            put(account, HERE)
            did.append(f"{account.address} was held, and lives here as before")
        elif at == GIVEN and not account.arriving:
            _give(account)
            did.append(f"{account.address} was held, and lives on {account.peer} now")
    return did


def switch(account: Account) -> Held:
    """Let the account live on the other host from now on; if that fails, here as before.

    Raises:
        MoveError: it cannot be brought over.
    """
    if far.ask(account, "where") == HERE:
        put(account, THERE)
        return Held(account.address, 0.0, 0.0, 0)
    start = time.monotonic()
    put(account, HELD)
    try:
        _end_sessions(account)
        ended = time.monotonic() - start
        _note(account)
        # Side by side, since somebody waits.
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(_belongings, account)
            copies = copy(account, LAST_COPY)
            beside.result()
        # Somebody may have been let in just before, and slow to begin.
        while _sessions(account):
            _end_sessions(account)
            copies += copy(account, LAST_COPY)
    except Exception:
        put(account, HERE)
        raise
    _give(account)
    return Held(account.address, time.monotonic() - start, ended, copies)


def _give(account: Account) -> None:
    put(account, GIVEN)
    far.ask(account, "arrived")
    put(account, THERE)


def late(account: Account) -> int:
    """Send on what was written into a mailbox after its last copy; return how much that was.

    A delivery that had begun before its account was held ends whenever it ends.
    """
    count = 0
    noted: dict[str, int] = json.loads(_noted(account).read_text(encoding="utf-8"))
    for folder, now in _next(account).items():
        first = noted.get(folder, 1)
        if now == first:
            continue
        query = ("-u", account.address, "mailbox", folder, "uid", f"{first}:*")
        for uid, guid in _rows("fetch", "uid guid", *query):
            # "9:*" finds the last one even if that is the eighth (RFC 3501 9).
            if int(uid) < first or far.ask(account, "has", folder, guid):
                continue
            text = run("doveadm", "fetch", "-u", account.address, "text", "mailbox", folder,
                       "uid", uid)  # fmt: skip
            far.ask(account, "save", folder, guid, data=text.removeprefix(b"text:\n"))
            count += 1
    return count


def queued() -> set[tuple[str, str]]:
    """Return whose mail of domains that leave is in the queue: queue file, recipient."""
    domains = {each.domain for each in accounts() if not each.arriving}
    return {
        (message["queue_id"], recipient["address"])
        for message in map(json.loads, run("postqueue", "-j").splitlines())
        if message["queue_name"] != "hold"
        for recipient in message["recipients"]
        if recipient["address"].rpartition("@")[2] in domains
    }


def drain(seconds: float, say: Callable[[str], None]) -> int:
    """Have the queue tried until all that it has now for the domains is gone; return what is left.

    What comes meanwhile goes on to the new host like all that comes later.
    """
    end, first = time.monotonic() + seconds, queued()
    run("postqueue", "-f")
    while (left := first & queued()) and time.monotonic() < end:
        say(f"{len(left)} recipients wait in the queue")
        time.sleep(3)
        run("postqueue", "-f")
    return len(left)


def _belongings(account: Account) -> None:
    far.ask(account, "belongings", data=belongings.of(account.address))


def _end_sessions(account: Account) -> None:
    end = time.monotonic() + SESSIONS_END
    force: tuple[str, ...] = ()
    while True:
        run("doveadm", "kick", *force, account.address, good=(0, NOBODY))
        if not _sessions(account):
            return
        # One process holds all idle connections, and 2.3 ends it by force alone, since others' end
        # with it: their programs connect again. 2.4 has no need, and another meaning for `-f`.
        force = ("-f",) if run("dovecot", "--version").startswith(b"2.3.") else ()
        if time.monotonic() > end:
            raise MoveError(
                f"{account.address} has sessions that do not end. mend: look at "
                f"`doveadm who {account.address}`, then run playbooks/migrate.yml again"
            )
        time.sleep(0.1)


def _sessions(account: Account) -> bool:
    return bool(list(_rows("who", "-1", account.address)))


def _note(account: Account) -> None:
    """Write down what each folder's next message will be numbered, before the last copy."""
    _noted(account).parent.mkdir(exist_ok=True)
    _noted(account).write_text(json.dumps(_next(account)), encoding="utf-8")


def _next(account: Account) -> dict[str, int]:
    rows = _rows("mailbox", "status", "-u", account.address, "uidnext", "*")
    return {name: int(uid) for name, uid in rows}


def _noted(account: Account) -> Path:
    return note(account.address, STATE)


def _rows(*words: str) -> Iterator[list[str]]:
    lines = run("doveadm", "-f", "tab", *words, good=(0, NOBODY)).decode().splitlines()
    return (line.split("\t") for line in lines[1:])
