"""A rebuild killed (SIGKILL) again and again, each time a little later: it ends right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from drill_kill import Moment, Reach, Say, inside, run_until
from labbackup import ACCOUNTS, TOOL, furnish, home, keys, repository_kept, seen
from labkit import answering, lab, on, play
from labmail import Post

HOST = "mx1"
REBUILD = ("site.yml", "-e", f"rebuild={HOST}")
UNIT = "postwright-backup-restore.service"
_LOADED = "var/lib/postwright/loaded"


def _there(pattern: str, but_not: str = "") -> bool:
    root = inside(HOST)
    return any(root.glob(pattern)) and not (but_not and any(root.glob(but_not)))


def _cut(pattern: str) -> bool:
    """As soon as a file is there, end the unit on the host that brings the backup back, too."""
    if not _there(pattern):
        return False
    cgroup = inside(HOST) / f"sys/fs/cgroup/system.slice/{UNIT}/cgroup.kill"
    if cgroup.exists():
        cgroup.write_text("1")
    return True


def _moment(during: str, reach: Reach, heading: str, now: Callable[[], bool]) -> Moment:
    return Moment(during, (heading,), now, reach)


MOMENTS = (
    _moment(
        "packages_are_configured",
        Reach.HOSTS,
        "The host carries the packages",
        lambda: (
            "half-configured dovecot-core:"
            in (inside(HOST) / "var/log/dpkg.log").read_text(encoding="utf-8")
        ),
    ),
    _moment(
        "the_program_is_installed",
        Reach.HOSTS,
        "The host can fetch its backups",
        partial(_there, "usr/local/lib/postwright/backup/fetch.py"),
    ),
    _moment(
        "keys_are_fetched",
        Reach.CONTROLLER,  # the unit on the host goes on
        "Keys, certificates, app passwords",
        partial(_there, "var/lib/postwright-backup/restored"),
    ),
    _moment(
        "keys_are_put_back",
        Reach.HOSTS,
        "Keys, certificates, app passwords",
        partial(_cut, "var/lib/postwright/dkim/alpha.test/*.key"),
    ),
    _moment(
        "the_address_is_announced",
        Reach.CONTROLLER,
        "Every authoritative server answers with addresses, DKIM keys and SPF",
        lambda: True,
    ),
    _moment(
        "dovecot_has_files_that_it_has_not_loaded",
        Reach.PROGRAM,
        "Clients read mail over TLS only",
        partial(_there, "etc/dovecot/users", but_not=f"{_LOADED}/dovecot.json"),
    ),
    _moment(
        "mail_is_fetched",
        Reach.HOSTS,
        "The mail of all accounts is back",
        partial(_cut, "var/vmail/.restore/restored"),
    ),
    _moment(
        "mail_is_put_back",
        Reach.HOSTS,
        "The mail of all accounts is back",
        partial(_cut, "var/vmail/alpha.test/*/Maildir"),
    ),
    _moment(
        "postfix_tables_are_compiled",
        Reach.HOSTS,
        "Postfix takes mail for these domains",
        partial(_there, "etc/postfix/*.lmdb", but_not=f"{_LOADED}/postfix.json"),
    ),
    _moment(
        "the_mail_ports_open",
        Reach.PROGRAM,
        "Only what this host serves",
        lambda: (
            "add element"
            in (inside(HOST) / "etc/nftables.d/mail-ports.nft").read_text(encoding="utf-8")
        ),
    ),
)


def test_a_rebuild_killed_again_and_again(facts: dict[str, Any], say: Say, tmp_path: Path) -> None:
    furnish(HOST)
    maildir = f"{home(HOST)}/Maildir"
    before, own_keys = seen(HOST, maildir), keys(HOST)
    on(HOST, TOOL, "run")
    with repository_kept(HOST, tmp_path):
        lab("reset", HOST)
    for number, moment in enumerate(MOMENTS):
        seconds = run_until(moment, tmp_path / f"{number}.log", *REBUILD)
        say(f"{number + 1}/{len(MOMENTS)} killed while {moment.during}, after {seconds:.0f} s")
        if moment is not MOMENTS[-1]:
            assert answering(facts, HOST) == []
    # Without the word: it was begun, and goes on.
    done = play("site.yml")
    assert done.status == 0, done.output[-6000:]
    say(f"the run to the end took {done.seconds:.0f} s")
    found = seen(HOST, maildir)
    # And more, which the probe has sent.
    assert found.messages >= before.messages
    assert found.digests >= before.digests
    assert found.validities == before.validities
    assert keys(HOST) == own_keys
    post = Post(facts)
    token, answer = post.transfer(ACCOUNTS[HOST])
    assert answer.startswith("250"), answer
    assert post.arrived(ACCOUNTS[HOST], token)
