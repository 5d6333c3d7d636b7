"""The command `postwright-limits` of a mail host (role limits)."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from .actions import Report, follow, freeze, frozen, line, release
from .ledger import DAY, Ledger
from .server import Server, settings

SOCKET = Path("/run/postwright-limits/socket")
# Not by the link in /var/lib: systemd makes that anew, and root's unit may write to this.
STATE = Path("/var/lib/private/postwright-limits")
SETTINGS = Path("/etc/postwright/limits.json")
# There while an account is frozen whose postmaster knows nothing yet.
TRIGGER = "untold"


def told(report: Report) -> str:
    """Return what became of an account as people read it."""
    count = len(report.held)
    if report.frozen is None and not report.anew:
        return f"{report.login} is not frozen; `postwright-limits frozen` lists who is"
    if report.frozen is None:
        first = f"{report.login} submits again; {count} messages were held"
    else:
        since = time.strftime("%F %T %z", time.localtime(report.frozen.since))
        state = "was frozen already" if report.anew is False else "is frozen"
        first = f"{report.login} {state}, since {since}: {report.frozen.why}"
        first += f"; {count} messages are held"
        first += f"; {report.sessions} sessions ended" if report.sessions else ""
        first += "; its logins are refused" if report.locked_out else ""
    return "\n  ".join([first, *map(line, report.held)])


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="postwright-limits", description="Says who may submit how much, and who nothing."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="answer Postfix (systemd runs this)")
    verbs.add_parser("follow", help="hold what was queued, tell the postmaster (systemd runs this)")
    listing = verbs.add_parser("frozen", help="who is frozen, since when and why")
    freezing = verbs.add_parser("freeze", help="let an account submit nothing")
    freezing.add_argument("--lock-out", action="store_true", help="refuse its logins, too")
    releasing = verbs.add_parser("release", help="let an account submit again")
    releasing.add_argument("--delete-held", action="store_true", help="delete its held mail")
    for verb in (freezing, releasing):
        verb.add_argument("address", type=str.lower)
    for verb in (listing, freezing, releasing):
        verb.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args()


def main() -> int:
    """Run the daemon or the command."""
    asked = arguments()
    os.umask(0o077)
    file = STATE / "ledger.sqlite"
    if asked.verb != "serve" and not file.exists():
        print("postwright-limits.service has never run here", file=sys.stderr)
        return os.EX_UNAVAILABLE
    ledger = Ledger(file)
    match asked.verb:
        case "serve":
            ledger.forget(time.time() - DAY)
            known = settings(SETTINGS.read_text(encoding="utf-8"))
            with Server(SOCKET, ledger, known, STATE / TRIGGER) as server:
                server.serve_forever()
            return os.EX_OK
        case "follow":
            known = settings(SETTINGS.read_text(encoding="utf-8"))
            follow(ledger, known.hostname, STATE / TRIGGER)
            return os.EX_OK
        case "frozen":
            reports = frozen(ledger)
        case "freeze":
            reports = [freeze(ledger, asked.address, asked.lock_out)]
        case _:
            reports = [release(ledger, asked.address, asked.delete_held)]
    if asked.json:
        print(json.dumps([asdict(each) for each in reports]))
    else:
        for each in reports:
            print(told(each))
    in_vain = asked.verb == "release" and not reports[0].anew
    return 1 if in_vain else os.EX_OK
