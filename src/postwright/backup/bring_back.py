"""The verbs of `postwright-backup` that bring parts of a backup back (role backup)."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from . import fetch, follow, rebuild, restore
from .config import Config
from .trouble import TroubleError

VERBS = {
    "restore": "bring a mailbox, or a folder of one, back into this live host",
    "rebuild-keys": "bring a lost host's own files back (site.yml); reads `newest --json`",
    "rebuild-mail": "bring a lost host's mail back (site.yml)",
    "rebuilt": "what a rebuild brought back, and what is gone",
    "follow": "how far that is, what was told to be brought back",
    "place": "put what was fetched where it belongs (systemd runs this)",
}


def add_arguments(verb: argparse.ArgumentParser, name: str) -> None:
    """Say which arguments a verb of these takes."""
    verb.add_argument("--seconds", type=float, default=5, help="between two reports")
    if name == "restore":
        verb.add_argument("account", help="user@domain")
        verb.add_argument("--folder", default="", help="only this one, and what is below it")
        add_moment(verb)
        verb.add_argument("--into", default="", help="all of it, into a folder of this name")


def add_moment(verb: argparse.ArgumentParser) -> None:
    """Say that a verb takes a moment."""
    verb.add_argument("--at", default="", help="the newest until then: 2026-11-26 14:00")


def moment(text: str) -> float | None:
    """Return a moment as the operator writes it, in seconds since the epoch; None for no text.

    Raises:
        TroubleError: it is none.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise TroubleError(f"{text} is no moment", "write it as 2026-11-26 14:00") from None


def do(asked: argparse.Namespace, config: Config) -> int:
    """Do what was asked for, as root."""
    match asked.verb:
        case "restore":
            at = moment(asked.at)
            follow.start(restore.wanted(config, asked.account, asked.folder, asked.into, at))
            return _followed(asked)
        case "rebuild-keys":
            snapshot = fetch.Snapshot(**json.load(sys.stdin))
            return _begun(
                asked, "keys", lambda: rebuild.keys_wanted(rebuild.begin(snapshot, config))
            )
        case "rebuild-mail":
            return _begun(asked, "mail", lambda: rebuild.mail_wanted(rebuild.read(), config))
        case "follow":
            return _followed(asked)
        case "rebuilt":
            if asked.json:
                print(json.dumps(rebuild.said()))
            else:
                print("\n".join(rebuild.said()) or "this host was never rebuilt")
        case "place":
            print(_placed(config))
    return os.EX_OK


def _begun(asked: argparse.Namespace, then: str, wanted: Callable[[], fetch.Request | None]) -> int:
    """Start what is wanted, or follow it where a run that was killed has started it."""
    if not (follow.running() and fetch.read_request().then == then):
        request = wanted()
        if request is None:
            print(json.dumps({"did": False, "done": True, "said": "all of it is back"}))
            return os.EX_OK
        follow.start(request)
    return _followed(asked)


def _followed(asked: argparse.Namespace) -> int:
    """Wait for the outcome, for so long as was asked; say how far it is meanwhile."""
    while True:
        progress = follow.follow(asked.seconds)
        if asked.json:
            print(json.dumps({"did": True, "done": progress.done, "said": progress.said}))
            return os.EX_OK
        print(progress.said, file=sys.stdout if progress.done else sys.stderr, flush=True)
        if progress.done:
            return os.EX_OK


def _placed(config: Config) -> str:
    """Put what was fetched where it belongs, and write down that it is done."""
    request = fetch.read_request()
    complaints = Path(request.to, fetch.COMPLAINTS).read_text(encoding="utf-8")
    place = {"keys": rebuild.keys_back, "mail": rebuild.mail_back, "account": restore.put_back}
    try:
        said = place[request.then](config, request, complaints)
    finally:
        shutil.rmtree(request.to)
    follow.ended(request, said)
    return said
