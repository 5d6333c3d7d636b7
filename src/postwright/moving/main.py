"""The command `postwright-move` of a mail host (role moving)."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import new, old
from .places import accounts, agree, alone, place
from .shell import MoveError

TOGETHER = 2
MEND = "mend: put that right, then run playbooks/migrate.yml again"
DRAINED = 300
"""Seconds for the queue to drain: it tries what waits every minute anyway."""


def main() -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="postwright-move", description="Moves mailboxes.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("status", help="where each account lives, and how much is left to do")
    verbs.add_parser("agree", help="write that down, told what the other hosts say (JSON)")
    verbs.add_parser("copy", help="bring the other host's copies up to date")
    verbs.add_parser("switch", help="let each account live on the other host")
    verbs.add_parser("finish", help="send on what came late, and drain the queue")
    verbs.add_parser("settle", help="hold nobody any longer whom a run left held that was killed")
    verbs.add_parser("serve", help="do what the host asks that accounts leave (sshd runs this)")
    asked = parser.parse_args()
    os.umask(0o077)
    try:
        if asked.verb == "serve":
            return new.serve(shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", "")))
        if asked.verb == "status":
            places = {each.address: place(each) for each in accounts()}
            print(json.dumps({"places": places, "left": len(old.unfinished())}))
            return os.EX_OK
        # A second run waits for the first, which a killed controller may have left behind. The
        # timer does not: a run that lives ends its holds itself.
        with alone("run", wait=asked.verb != "settle") as mine:
            if mine:
                WORK[asked.verb]()
    except MoveError as trouble:
        said = str(trouble)
        print(said if "mend:" in said else f"{said}. {MEND}", file=sys.stderr)
        return os.EX_TEMPFAIL
    return os.EX_OK


def _say(text: str) -> None:
    print(text, flush=True)


def _agree() -> None:
    did = agree(json.load(sys.stdin))
    print(json.dumps({"did": did, "left": len(old.unfinished())}))


def _settle() -> None:
    for did in old.settle():
        _say(did)


def _copy() -> None:
    # Nobody shall wait for all the copies.
    _settle()
    start, todo = time.monotonic(), old.leaving()
    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(old.copy, todo))
    _say(f"{len(todo)} mailboxes copied in {time.monotonic() - start:.0f} s")


def _switch() -> None:
    _settle()
    held = []
    for account in old.leaving():
        # Once more while it is used, so that the last copy is short.
        old.copy(account)
        held.append(old.switch(account))
        _say(f"lives on {account.peer} now: {held[-1]}")
    if held:
        longest = max(held, key=lambda each: each.seconds)
        _say(
            f"longest refusal: {longest.seconds:.1f} s ({longest.address}) of {len(held)} accounts"
        )


def _finish() -> None:
    moved = old.unfinished()
    if unmoved := old.leaving():
        raise MoveError(f"{unmoved[0].address} is still here. mend: run playbooks/migrate.yml")
    late = sum(map(old.late, moved))
    left = old.drain(DRAINED, _say)
    late += sum(map(old.late, moved))
    _say(f"{late} messages came late and were sent on; {left} recipients wait in the queue")
    if left:
        raise MoveError(
            "mail for these domains waits in the queue. mend: `postqueue -p` says why; then run "
            "playbooks/migrate.yml again"
        )
    old.finished(moved)


WORK = {"agree": _agree, "copy": _copy, "switch": _switch, "finish": _finish, "settle": _settle}
