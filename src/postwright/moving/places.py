"""Where each account lives that moves: here, there, or held for a moment (role moving).

Dovecot (/etc/dovecot/passdb.lua) reads what is written here at each login and delivery.

A hold has two halves. `held`: the new host was told nothing, so the old one alone may end it, and
the account lives there as before. `given`: the new host may have been told that the account is its
own; from here on there is no way but on, or it would live at both.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .shell import run

PLAN = Path("/etc/postwright/moving.json")
STATE = Path("/var/lib/postwright/moving")
ACCOUNTS = STATE / "accounts"

HERE, HELD, GIVEN, THERE = "here", "held", "given", "there"
DOVECOT = Path("/run/dovecot/master.pid")


@dataclass(frozen=True)
class Account:
    """An account that comes here or leaves, and the host at the other end."""

    address: str
    domain: str
    arriving: bool
    peer: str
    peer_address: str
    peer_ssh_port: int = 22


def accounts() -> list[Account]:
    """Return every account that the inventory has on its way, by address."""
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    return [
        Account(
            address,
            move["domain"],
            move["arriving"],
            move["peer"]["name"],
            move["peer"]["ipv4"],
            plan["ssh_ports"][move["peer"]["name"]],
        )
        for move in plan["moves"]
        for address in move["accounts"]
    ]


def place(account: Account) -> str:
    """Return where an account lives; of one that never moved, where it came from."""
    return written(ACCOUNTS).get(account.address, THERE if account.arriving else HERE)


def put(account: Account, where: str) -> None:
    """Write down where an account lives from now on, and have Dovecot ask anew."""
    # Accounts of two moves may come at once.
    with alone("accounts"):
        _write(written(ACCOUNTS) | {account.address: where})
    _ask_anew(account.address)


def note(address: str, state: Path) -> Path:
    """Return where the old host notes how folders go on, for as long as late mail may come."""
    return state / "next" / f"{address}.json"


def agree(told: dict[str, str]) -> list[str]:
    """Write down where each account is, as both hosts know it together; return what is new here.

    Who once was at the new host stays there, whichever of the two was rebuilt and forgot it. And
    where one is that has not moved must be known before the inventory says the opposite: who turns
    back half-way finds each account where it is.
    """
    with alone("accounts"):
        known = written(ACCOUNTS)
        places = known | {
            each.address: _agreed(each, known.get(each.address), told.get(each.address))
            for each in accounts()
        }
        if places != known:
            _write(places)
    new = [address for address in places if places[address] != known.get(address)]
    for address in new:
        _ask_anew(address)
    return [f"{address}: {places[address]}" for address in new]


def _agreed(account: Account, ours: str | None, theirs: str | None) -> str:
    if account.arriving:
        if theirs == THERE:
            return HERE
        # A run the other way was killed, and the other host has it.
        if (ours, theirs) == (GIVEN, HERE):
            return THERE
    elif theirs == HERE:
        return THERE
    return ours or (THERE if account.arriving else HERE)


def _ask_anew(address: str) -> None:
    if DOVECOT.exists():
        run("doveadm", "auth", "cache", "flush", address)


def _write(places: dict[str, str]) -> None:
    new = ACCOUNTS.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        os.fchown(out.fileno(), 0, STATE.stat().st_gid)
        os.fchmod(out.fileno(), 0o640)
        out.writelines(f"{address}\t{at}\n" for address, at in sorted(places.items()))
        out.flush()
        os.fsync(out.fileno())
    new.replace(ACCOUNTS)


@contextmanager
def alone(what: str, wait: bool = True) -> Iterator[bool]:
    """Have something to oneself; yield whether that is so, which it need not be without waiting.

    The kernel lets go of it when this program ends, however that happens (flock(2)).
    """
    with (STATE / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def written(record: Path) -> dict[str, str]:
    """Return where each account was last put, by address."""
    if not record.exists():
        return {}
    lines = record.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)
