"""A mailbox, or a folder of one, brought back into a live host (role backup).

Dovecot itself takes the messages in, so that a client that is logged in sees them come. What the
account still has, under whatever folder, is not brought back once more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from . import manifest
from .config import Config
from .fetch import Request
from .maildir import KEYWORDS, MESSAGES, UIDS
from .numbering import raise_numbers
from .place import give, missing, place_home
from .run import MAIL, MANIFEST, RECORD
from .stage import MAILDIR, look
from .trouble import TroubleError

INBOX = "INBOX"


def wanted(config: Config, account: str, folder: str, into: str, at: float | None) -> Request:
    """Return what is to be fetched for an account, `user@domain`, or a folder of it.

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
    found, home = request.found / MAIL, mail / name
    lines = manifest.read(request.found / MANIFEST / f"{name}.jsonl")
    if not (found / name / MAILDIR).is_dir():
        of = request.account
        what = f"the folder {request.folder} of {of}" if request.folder else f"the mail of {of}"
        raise TroubleError(
            f"the backup has nothing of {what}. {complaints}".strip(),
            "name an older backup (postwright-backup list), and a folder as Dovecot does: "
            f"doveadm mailbox list -u {request.account}",
        )
    if not request.folder and not request.into and place_home(found, mail, name):
        raise_numbers(mail, [name])
        return f"{request.account} is back as a whole"
    have = set() if request.into else {each.sha256 for each in manifest.entries(home, lines)}
    back, there = _without(found / name, have)
    owner = mail.stat()
    give(Path(request.to), owner.st_uid, owner.st_gid)
    if back:
        _import(request, found / name / MAILDIR)
    rest = f", {there} were still there" if there else ""
    also = [] if request.folder or request.into else _files(found / name, home)
    return f"{request.account}: {back} messages are back{rest}" + "".join(
        f"; {each} is back" for each in also
    )


def _without(home: Path, have: set[str]) -> tuple[int, int]:
    """Take away what the account still has; return how many messages are left, and how many not."""
    back = there = 0
    for each in manifest.entries(home):
        if each.folder is None:
            continue
        folder = home / MAILDIR / ("" if each.folder == INBOX else each.folder)
        if each.sha256 in have:
            (folder / each.file).unlink()
            there += 1
        else:
            back += 1
    return back, there


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
    # As IMAP writes names (RFC 3501 5.1.3), which is how they are on disk.
    told = subprocess.run(
        ["doveadm", "mailbox", "mutf7", folder], capture_output=True, text=True, check=True
    )
    name = told.stdout.strip()
    return [f"{MAILDIR}/.{name}", f"{MAILDIR}/.{name}.*"]


def _name(account: str) -> str:
    user, _, domain = account.rpartition("@")
    if not user or "/" in account or account.startswith("."):
        raise TroubleError(f"{account} is no address", "name it as user@domain")
    return f"{domain}/{user}".lower()
