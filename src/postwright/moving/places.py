"""Where each account lives that moves: here, there, or held for a moment (role moving).

Dovecot (/etc/dovecot/passdb.lua) reads what is written here at each login and delivery.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from .shell import run

PLAN = Path("/etc/postwright/moving.json")
STATE = Path("/var/lib/postwright/moving")
ACCOUNTS = STATE / "accounts"

HERE, HELD, THERE = "here", "held", "there"


@dataclass(frozen=True)
class Account:
    """An account that comes here or leaves, and the host at the other end."""

    address: str
    domain: str
    arriving: bool
    peer: str
    peer_address: str


def accounts() -> list[Account]:
    """Return every account that the inventory has on its way, by address."""
    return [
        Account(
            address, move["domain"], move["arriving"], move["peer"]["name"], move["peer"]["ipv4"]
        )
        for move in json.loads(PLAN.read_text(encoding="utf-8"))
        for address in move["accounts"]
    ]


def place(account: Account) -> str:
    """Return where an account lives; of one that never moved, where it came from."""
    return _written().get(account.address, THERE if account.arriving else HERE)


def put(account: Account, where: str) -> None:
    """Write down where an account lives from now on, and have Dovecot ask anew."""
    text = "".join(
        f"{address}\t{at}\n"
        for address, at in sorted((_written() | {account.address: where}).items())
    )
    new = ACCOUNTS.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        os.fchown(out.fileno(), 0, STATE.stat().st_gid)
        os.fchmod(out.fileno(), 0o640)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(ACCOUNTS)
    run("doveadm", "auth", "cache", "flush", account.address)


def _written() -> dict[str, str]:
    if not ACCOUNTS.exists():
        return {}
    lines = ACCOUNTS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)
