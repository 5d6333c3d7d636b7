"""Backups of the lab's mail hosts: made, restored into a scratch place, held against the live."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from labkit import ROOT, on
from labmail import Post

TOOL = "postwright-backup"
PACE = 0.1
"""Seconds between two messages that arrive."""
SCRATCH = "/var/lib/postwright-backup/restored"
# An account of each host with room, and its home.
ACCOUNTS = {"mx1": "jiro@alpha.test", "mx2": "saburo@gamma.test"}
# How a command is told where mailboxes lie, by the release of Dovecot.
PLACES = {"mx1": "mail_path={}", "mx2": "mail_location=maildir:{}"}

DIGESTS = """
import hashlib, pathlib, sys
for file in pathlib.Path(sys.argv[1]).rglob("*.M*"):
    print(file.name.partition(":2,")[0], hashlib.sha256(file.read_bytes()).hexdigest())
"""
SIEVE = 'require "fileinto"; if header :is "X" "y" { fileinto "Projects"; }'


def keys(host: str) -> str:
    """Return the digests of a host's DKIM and TLS keys."""
    places = "/var/lib/postwright/dkim/*/*.key /var/lib/dehydrated/certs/*/{privkey,next}.pem"
    return on(host, "bash", "-ec", f"sha256sum {places}")


def furnish(host: str) -> None:
    """Give a host's account a folder of its own, flags, keywords and a script."""
    of = ("-u", ACCOUNTS[host])
    on(host, "doveadm", "mailbox", "create", "-s", *of, "Projects", status=None)
    for word in ("\\Flagged \\Seen", "$Forwarded Urgent"):
        message = f"Message-ID: <{abs(hash(word))}@kept.test>\nSubject: {word}\n\nkept\n"
        on(host, "sh", "-c", f"printf %s '{message}' | doveadm save -u {of[1]} -m Projects")
        on(host, "doveadm", "flags", "add", *of, word, "mailbox", "Projects", "SUBJECT", word)
    on(host, "sh", "-c", f"printf %s '{SIEVE}' | doveadm sieve put -a {' '.join(of)} kept")


def home(host: str) -> str:
    """Return where a host's account keeps its mail."""
    user, _, domain = ACCOUNTS[host].partition("@")
    return f"/var/vmail/{domain}/{user}"


@dataclass(frozen=True)
class Mailboxes:
    """What Dovecot says of an account: (folder, UID, flags, Message-ID); and digests by name."""

    messages: frozenset[tuple[str, str, str, str]]
    validities: frozenset[str]
    subscriptions: frozenset[str]
    digests: frozenset[str]

    def identities(self) -> frozenset[tuple[str, str]]:
        """Return (folder, Message-ID) of each message."""
        return frozenset((folder, identity) for folder, _, _, identity in self.messages)


def seen(host: str, maildir: str) -> Mailboxes:
    """Return what Dovecot sees in a Maildir, read as the host's account."""

    def doveadm(*words: str) -> str:
        # A host on trial may have another release than the lab's plan: where mail is, it knows.
        live = maildir == f"{home(host)}/Maildir"
        place = () if live else ("-o", PLACES[host].format(maildir))
        return on(host, "doveadm", *place, *words)

    of = ("-u", ACCOUNTS[host])
    wanted = "mailbox uid flags hdr.message-id"
    told = doveadm("-f", "tab", "fetch", *of, wanted, "mailbox", "*", "ALL").splitlines()[1:]
    digests = on(host, "python3", "-c", DIGESTS, maildir)
    return Mailboxes(
        frozenset(map(_fields, told)),
        frozenset(doveadm("-f", "tab", "mailbox", "status", *of, "uidvalidity", "*").splitlines()),
        frozenset(doveadm("mailbox", "list", "-s", *of).splitlines()),
        frozenset(digests.splitlines()),
    )


def _fields(line: str) -> tuple[str, str, str, str]:
    mailbox, uid, flags, identity = line.split("\t")
    # \Recent is of the session that asks.
    kept = sorted(flag for flag in flags.split() if flag != "\\Recent")
    return mailbox, uid, " ".join(kept), identity


def status(host: str) -> dict[str, Any]:
    """Return how a host's backups went."""
    return dict(json.loads(on(host, TOOL, "status", "--json")))


@contextmanager
def repository_kept(host: str, folder: Path) -> Iterator[None]:
    """Keep a host's repository while the host gets a new disk, as a disk of its own would."""
    place = ROOT / f".lab/hosts/{host}/disk/srv/backup"
    shutil.copytree(place, folder / "kept")
    yield
    shutil.copytree(folder / "kept", place)


def came_back_whole(host: str, before: Mailboxes, own_keys: str, post: Post) -> None:
    """See that a rebuilt host has what it had, and takes mail."""
    found = seen(host, f"{home(host)}/Maildir")
    # And more, which the probe has sent.
    assert found.messages >= before.messages
    assert found.digests >= before.digests
    assert found.validities == before.validities
    assert keys(host) == own_keys
    token, answer = post.transfer(ACCOUNTS[host])
    assert answer.startswith("250"), answer
    assert post.arrived(ACCOUNTS[host], token)


@contextmanager
def restored(host: str) -> Iterator[str]:
    """Restore the newest backup of a host into a scratch place, for as long as it is looked at."""
    on(host, "rm", "-rf", SCRATCH)
    on(host, TOOL, "restic", "restore", "latest", "--target", SCRATCH)
    on(host, "chown", "-R", "vmail:", SCRATCH)
    on(host, "chmod", "711", "/var/lib/postwright-backup")
    try:
        yield f"{SCRATCH}/var/vmail/.backup"
    finally:
        on(host, "chmod", "700", "/var/lib/postwright-backup")
        on(host, "rm", "-rf", SCRATCH)


@contextmanager
def arriving(post: Post, host: str) -> Iterator[list[str]]:
    """Have mail arrive for a host's account all the while; give the tokens that were taken."""
    taken: list[str] = []
    over = Event()

    def stream() -> None:
        while not over.wait(PACE):
            token, answer = post.transfer(ACCOUNTS[host])
            assert answer.startswith("250"), answer
            taken.append(token)

    with ThreadPoolExecutor(1) as pool:
        running: Future[None] = pool.submit(stream)
        try:
            yield taken
        finally:
            over.set()
            running.result()
