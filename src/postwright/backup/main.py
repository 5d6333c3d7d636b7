"""The command `postwright-backup` of a mail host (role backup)."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from . import bring_back, fetch, password, proof, run, status
from .config import KEEP, STATE, USER, Config, read_config
from .restic import NoRepositoryError, NotLetInError, WrongPasswordError, of_host
from .trouble import TroubleError

UNITS = {"run": "postwright-backup", "test": "postwright-backup-test"}
HELP = {
    "run": "make a backup now",
    "test": "restore the newest backup into a scratch place, and compare it",
    "status": "how the backups went",
    "list": "the snapshots that there are",
    "prune": "remove those that are kept no longer",
    "restic": "restic itself, with this host's repository and credential",
    "forget-repository": "take what is there, or make one, whatever was there before",
    "init": "see that the repository opens, and make it where there never was one (site.yml)",
    "newest": "what the newest backup holds",
    **bring_back.VERBS,
    "fetch": "fetch what is to be brought back (systemd runs this)",
    "stage": "lay a backup out (systemd runs this)",
    "unstage": "take its keys away again (systemd runs this)",
    "upload": "send it to the repository (systemd runs this)",
    "prove": "restore and compare (systemd runs this)",
}


def main() -> int:
    """Run one verb."""
    asked = _arguments()
    os.umask(0o077)
    config = read_config()
    try:
        return _do(asked, config)
    except TroubleError as error:
        print(error, file=sys.stderr)
        # No later run mends it.
        if asked.verb == "init" and isinstance(error, WrongPasswordError):
            return 1
        if asked.verb == "newest":
            return os.EX_NOPERM if isinstance(error, NotLetInError) else os.EX_TEMPFAIL
    except NoRepositoryError as error:
        print(f"there is no repository ({error})\nmend: postwright-backup run", file=sys.stderr)
    # 75 is EX_TEMPFAIL of sysexits.h: mail goes on, and the next run tries again.
    return os.EX_TEMPFAIL if asked.verb == "init" else 1


def _do(asked: argparse.Namespace, config: Config) -> int:
    match asked.verb:
        case "run" | "test":
            if asked.verb == "run" and asked.keep:
                KEEP.touch()
            return _started(UNITS[asked.verb])
        case "stage":
            print(run.lay_out(config))
        case "unstage":
            run.take_away(config)
        case "status":
            return _status(config, asked.json)
        case verb if verb in bring_back.VERBS:
            return bring_back.do(asked, config)
        case _:
            _as_user()
            _by_user(asked, config)
    return os.EX_OK


def _by_user(asked: argparse.Namespace, config: Config) -> None:
    """Do what needs the repository, as the user whom nftables lets out to it."""
    if asked.verb in {"list", "restic"}:
        words = ["snapshots", "--host", config.host] if asked.verb == "list" else asked.words
        password.of_host_now(config).replace_process(words)
    with _alone():
        match asked.verb:
            case "newest":
                _newest(asked, config)
            case "fetch":
                print(fetch.fetch(config))
            case "init":
                print(json.dumps(asdict(_opened_once(config))))
            case "forget-repository":
                status.write(status.read().but(repository_id=""))
            case "prune":
                if config.append_only:
                    raise TroubleError(
                        "this host's credential deletes nothing (`append_only` in mail_backup)",
                        f"where another credential is: postwright backup prune {config.host}",
                    )
                restic = password.of_host_now(config)
                restic.unlock()
                run.prune(config, restic)
            case "upload":
                print(run.upload(config))
            case "prove":
                print(proof.prove(config))


def _newest(asked: argparse.Namespace, config: Config) -> None:
    try:
        found = fetch.newest(config, password.of_host_now(config), bring_back.moment(asked.at))
    except NoRepositoryError:
        found = None
    if asked.json:
        print(json.dumps(found and asdict(found)))
    elif found is None:
        print(f"no backup yet ({config.repository})")
    else:
        print(f"{status.moment(found.taken)}: {found.messages} messages of "
              f"{len(found.accounts)} accounts ({found.id[:8]})")  # fmt: skip


def _opened_once(config: Config) -> password.Outcome:
    """Open the repository unless it was opened so before: each run of site.yml asks."""
    restic, old = of_host(config), password.before(config)
    if run.was_opened(status.read()) and old is None:
        return password.Outcome()
    with run.noted("backup"):
        did = run.opened(config, restic)
        # Here alone: a password that stays keeps no backup from being made.
        retired = password.retire(config, restic, old) if old else password.Outcome()
    return password.Outcome([*did, *retired.did], retired.said)


def _started(unit: str) -> int:
    """Have systemd run a unit, which has it in its sandbox and alone; show what it said."""
    since = f"@{time.time():.6f}"
    done = subprocess.run(["systemctl", "start", unit], capture_output=True, text=True, check=False)
    said = subprocess.run(
        ["journalctl", "--quiet", "--no-pager", "--output=cat", "--since", since,
         "-t", "postwright-backup"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(said.stdout, end="", file=sys.stderr if done.returncode else sys.stdout)
    if done.returncode:
        print(done.stderr, end="", file=sys.stderr)
    return done.returncode


def _status(config: Config, as_json: bool) -> int:
    known = status.read()
    told = run.shown(known, config)
    if as_json:
        print(json.dumps(told))
        return os.EX_OK
    good = known.good
    print(f"repository   {config.repository}")
    print(f"last backup  {status.moment(good.when if good else None)}"
          + (f", {good.messages} messages, {good.size} bytes" if good else ""))  # fmt: skip
    print(f"last tested  {status.moment(known.tested)}")
    troubles = status.troubles(known, config, time.time())
    print("".join(f"{each}\n" for each in troubles), end="")
    return 1 if troubles else os.EX_OK


def _as_user() -> None:
    """Give root's rights up, where they are there."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(USER)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.environ["HOME"] = str(STATE)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other run works on the repository."""
    with Path(STATE / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="postwright-backup", description="Backs this mail host up, and proves it."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, said in HELP.items():
        verb = verbs.add_parser(name, help=said)
        if name in {"status", "newest", *bring_back.VERBS}:
            verb.add_argument("--json", action="store_true", help="for programs")
        if name == "run":
            verb.add_argument(
                "--keep", action="store_true", help="it stays, whatever `keep` of mail_backup says"
            )
        if name == "newest":
            bring_back.add_moment(verb)
        if name in bring_back.VERBS:
            bring_back.add_arguments(verb, name)
        if name == "restic":
            verb.add_argument("words", nargs=argparse.REMAINDER, help="restic's own")
    return parser.parse_args()
