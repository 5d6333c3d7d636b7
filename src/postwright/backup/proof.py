"""The newest backup restored into a scratch place, and compared with its manifest (role backup)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import manifest, status
from .config import STATE, Config
from .fetch import parts
from .restic import Restic, of_host
from .run import MAIL, MANIFEST, RECORD, noted, opened
from .run import STATE as STATE_FOLDER
from .stage import address
from .trouble import TroubleError

SCRATCH = STATE / "scratch"
TENTHS = 10
"""Each test also reads one of so many parts of all that the repository holds."""
SHOWN = 20


@dataclass(frozen=True)
class Account:
    """An account in a backup: DOMAIN/USER, and how many bytes it has."""

    name: str
    size: int


def prove(config: Config, scratch: Path = SCRATCH) -> str:
    """Restore the newest backup and compare it; return what was seen, in words.

    restic's cache is not used: what it holds need not be in the repository any more.

    Raises:
        TroubleError: it cannot be restored, or is not what was backed up.
    """
    begun, restic = time.monotonic(), of_host(config)
    with noted("test"):
        opened(config, restic)
        restic.unlock()
        known = status.read()
        part = f"{known.tests % TENTHS + 1}/{TENTHS}"
        status.write(known.but(tests=known.tests + 1))
        # A killed run's.
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            # What is missing or cut off is seen at once; a restore asks for it again and again.
            _sound(config, restic, "check")
            count, accounts, taken = _compared(config, restic, scratch)
            _sound(config, restic, "check", f"--read-data-subset={part}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        status.write(status.read().but(tested=time.time()))
    spent = time.monotonic() - begun
    return (f"the backup of {status.moment(taken)} is whole: {count} messages of {accounts} "
            f"accounts restored and compared in {spent:.1f} s")  # fmt: skip


def _sound(config: Config, restic: Restic, *words: str) -> None:
    if said := restic.complaints(*words):
        raise TroubleError(*_damaged(config, said))


def _compared(config: Config, restic: Restic, scratch: Path) -> tuple[int, int, float]:
    found = restic.snapshots("--host", config.host, "--tag", "postwright", cache=False)
    if not found:
        raise TroubleError(f"there is no backup yet ({config.repository})", "postwright-backup run")
    snapshot, root = found[-1]["id"], Path(found[-1]["paths"][0])
    restored = scratch / str(root).lstrip("/")
    wrong = parts(restic, snapshot, scratch, root, [MANIFEST, STATE_FOLDER, RECORD])
    if not (restored / RECORD).exists():
        raise TroubleError(*_damaged(config, wrong or f"the snapshot has no {RECORD}"))
    record = json.loads((restored / RECORD).read_text(encoding="utf-8"))
    differ = manifest.state_differences(restored / STATE_FOLDER, record["state"])
    accounts = [Account(name, each["bytes"]) for name, each in record["accounts"].items()]
    for batch in batches(accounts, shutil.disk_usage(scratch).free // 2):
        wrong += parts(restic, snapshot, scratch, root, [f"{MAIL}/{a.name}" for a in batch])
        for account in batch:
            wanted = manifest.read(restored / MANIFEST / f"{account.name}.jsonl")
            home = restored / MAIL / account.name
            there = manifest.entries(home) if home.exists() else ()
            differ += [
                f"{address(account.name)}: {each}" for each in manifest.differences(wanted, there)
            ]
            if len(wanted) < record["accounts"][account.name]["messages"]:
                differ.append(f"{address(account.name)}: its manifest has lines missing")
            shutil.rmtree(home, ignore_errors=True)
    if differ or wrong:
        rest = [f"and {len(differ) - SHOWN} more"] if len(differ) > SHOWN else []
        raise TroubleError(*_damaged(config, "\n".join([*differ[:SHOWN], *rest, wrong]).strip()))
    messages = sum(each["messages"] for each in record["accounts"].values())
    return messages, len(accounts), float(record["taken"])


def batches(accounts: list[Account], room: int) -> Iterator[list[Account]]:
    """Yield the accounts in groups that fit into a room of so many bytes.

    Raises:
        TroubleError: one alone does not.
    """
    group: list[Account] = []
    for each in accounts:
        if each.size > room:
            raise TroubleError(
                f"{address(each.name)} has {each.size} bytes, and a test may take {room}: half of "
                f"what is free where {SCRATCH} lies",
                f"give {SCRATCH.parent} a larger file system",
            )
        if sum(other.size for other in group) + each.size > room:
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _damaged(config: Config, said: str) -> tuple[str, str]:
    return (
        f"the repository {config.repository} does not give back what was backed up:\n{said}",
        "look at the target's disk, have restic repair the repository (docs/backup.md), and make "
        "another backup: postwright-backup run",
    )
