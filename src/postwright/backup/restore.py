"""A mailbox, or a folder of one, brought back into a live host (role backup).

Dovecot itself takes the messages in, so that a client that is logged in sees them come. What the
account still has, under whatever folder, is not brought back once more. A restore that did not end
is gone on with, with its own backup: a newer one may have the mailbox half-way.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from . import manifest, unfinished
from .config import Config
from .fetch import FROM, Request
from .lacking import lacking
from .maildir import KEYWORDS, MESSAGES, UIDS
from .manifest import Entry
from .numbering import raise_numbers
from .place import give, missing, place_home
from .run import MAIL, MANIFEST, RECORD
from .stage import MAILDIR, look
from .status import moment
from .trouble import TroubleError

INBOX = "INBOX"


def wanted(config: Config, account: str, folder: str, into: str, at: float | None) -> Request:
    """Return what is to be fetched for an account, `user@domain`, or a folder of it.

    A moment that is named comes before the backup that a run began with which did not end.

    Raises:
        TroubleError: Dovecot does not know the account.
    """
    name = _name(account)
    if subprocess.run(["doveadm", "user", account], capture_output=True, check=False).returncode:
        raise TroubleError(f"{account} is no account of this host", "look for it: doveadm user '*'")
    home = f"{MAIL}/{name}"
    names = [f"{home}/{each}" for each in _places(folder)] if folder else [home]
    return Request(
        "account",
        [RECORD, f"{MANIFEST}/{name}.jsonl", *names],
        str(Path(config.mail) / ".restore"),
        snapshot="" if at else unfinished.begun_with(name, folder, into),
        at=at,
        account=account,
        folder=folder,
        into=into,
    )


def put_back(config: Config, request: Request, complaints: str) -> str:
    """Have Dovecot take in what an account lacks; return what was done, in words.

    Raises:
        TroubleError: there is nothing of it in the backup, or Dovecot refused.
    """
    mail, name = Path(config.mail), _name(request.account)
    found = request.found / MAIL
    if not (found / name / MAILDIR).is_dir():
        of = request.account
        what = f"the folder {request.folder} of {of}" if request.folder else f"the mail of {of}"
        raise TroubleError(
            f"the backup has nothing of {what}. {complaints}".strip(),
            "name an older backup (postwright-backup list), and a folder as Dovecot does: "
            f"doveadm mailbox list -u {request.account}",
        )
    snapshot = (Path(request.to) / FROM).read_text(encoding="utf-8")
    this = unfinished.Unfinished(name, request.folder, request.into, snapshot)
    unfinished.begin(this)
    said = _back(request, found, mail, name)
    unfinished.end(this)
    went_on = ", with which a run began that did not end" if request.snapshot else ""
    return f"{said}; by the backup of {_taken(request)} ({snapshot[:8]}){went_on}"


def _back(request: Request, found: Path, mail: Path, name: str) -> str:
    """Put back what is not there; return that in words."""
    home = mail / name
    if not request.folder and not request.into and place_home(found, mail, name):
        raise_numbers(mail, [name])
        return f"{request.account} is back as a whole"
    lines = manifest.read(request.found / MANIFEST / f"{name}.jsonl")
    there = manifest.message_entries(home, lines)
    if request.into:
        lines, there = [], _within(there, request.into)
    back, still = _without(found / name, lines, there)
    owner = mail.stat()
    give(Path(request.to), owner.st_uid, owner.st_gid)
    if back:
        _import(request, found / name / MAILDIR)
    rest = f", {still} were still there" if still else ""
    also = [] if request.folder or request.into else _files(found / name, home)
    return f"{request.account}: {back} messages are back{rest}" + "".join(
        f"; {each} is back" for each in also
    )


def _taken(request: Request) -> str:
    record = json.loads((request.found / RECORD).read_text(encoding="utf-8"))
    return moment(record["taken"])


def _within(there: Iterable[Entry], into: str) -> Iterator[Entry]:
    """Yield the messages below a folder that a restore went into, as if they were at home."""
    top = f".{_on_disk(into)}"
    for each in there:
        if f"{each.folder}.".startswith(f"{top}."):
            below = str(each.folder).removeprefix(top)
            yield replace(each, folder=INBOX if below == f".{INBOX}" else below)


def _without(home: Path, lines: list[Entry], there: Iterable[Entry]) -> tuple[int, int]:
    """Take away what the account still has; return how many messages are left, and how many not.

    Lines of the manifest that were not fetched stand for what the account has of them.
    """
    fetched = {manifest.place(each): each for each in manifest.message_entries(home)}
    others = [each for each in lines if each.folder and manifest.place(each) not in fetched]
    lack = {manifest.place(each) for each in lacking([*others, *fetched.values()], there)}
    still = [each for place, each in fetched.items() if place not in lack]
    for each in still:
        folder = MAILDIR if each.folder == INBOX else f"{MAILDIR}/{each.folder}"
        (home / folder / each.file).unlink()
    return len(fetched) - len(still), len(still)


def _import(request: Request, maildir: Path) -> None:
    words = ["import", "-u", request.account, "-s", f"maildir:{maildir}", request.into, "ALL"]
    done = subprocess.run(["doveadm", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TroubleError(
            f"doveadm import failed for {request.account}:\n{done.stderr.strip()}",
            "mend what it says (a quota, say), and run the same again: what came back is not "
            "brought back twice",
        )


def _files(found: Path, home: Path) -> list[str]:
    """Put back what is no message and is not there: Sieve scripts; return what that was."""
    names = [each for each in look(found).others if not each.startswith(f"{MAILDIR}/")]
    gone = sorted(missing(found, home, names))
    owner = home.stat()
    for each in gone:
        to = home / each
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(to.parent, owner.st_uid, owner.st_gid)
        shutil.move(found / each, to)
    return gone


def _places(folder: str) -> list[str]:
    """Return where a folder lies below an account's home (Maildir++), with what is below it."""
    if folder == INBOX:
        return [f"{MAILDIR}/{each}" for each in (*MESSAGES, UIDS, KEYWORDS)]
    name = _on_disk(folder)
    return [f"{MAILDIR}/.{name}", f"{MAILDIR}/.{name}.*"]


def _on_disk(folder: str) -> str:
    """Return a folder's name as IMAP writes it (RFC 3501 5.1.3), which is how it is on disk."""
    told = subprocess.run(
        ["doveadm", "mailbox", "mutf7", folder], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def _name(account: str) -> str:
    user, _, domain = account.rpartition("@")
    if not user or "/" in account or account.startswith("."):
        raise TroubleError(f"{account} is no address", "name it as user@domain")
    return f"{domain}/{user}".lower()
