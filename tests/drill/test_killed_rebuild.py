"""A rebuild killed (SIGKILL) again and again, each time a little later: it ends right."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import drill_moments
from drill_kill import Disk, Reach, Say, moment, run_until
from labbackup import TOOL, came_back_whole, furnish, home, keys, repository_kept, seen
from labkit import answering, lab, on, play
from labmail import Post
from postwright.backup.follow import UNIT

HOST = "mx1"
REBUILD = ("site.yml", "-e", f"rebuild={HOST}")
_DISK = Disk(HOST)
_OF_SITE = {each.during: each for each in drill_moments.MOMENTS}


MOMENTS = (
    _OF_SITE["packages_are_configured"],
    moment(
        "the_program_is_installed",
        Reach.HOSTS,
        "The host can fetch its backups",
        partial(_DISK.there, "usr/local/lib/postwright/backup/fetch.py"),
    ),
    moment(
        "keys_are_fetched",
        Reach.CONTROLLER,  # the unit on the host goes on
        "Keys, certificates, app passwords",
        partial(_DISK.there, "var/lib/postwright-backup/restored"),
    ),
    moment(
        "keys_are_put_back",
        Reach.HOSTS,
        "Keys, certificates, app passwords",
        partial(_DISK.cut, UNIT, "var/lib/postwright/dkim/alpha.test/*.key"),
    ),
    moment(
        "the_address_is_announced",
        Reach.CONTROLLER,
        "Every authoritative server answers with addresses, DKIM keys and SPF",
    ),
    _OF_SITE["dovecot_has_files_that_it_has_not_loaded"],
    moment(
        "mail_is_fetched",
        Reach.HOSTS,
        "The mail of all accounts is back",
        partial(_DISK.cut, UNIT, "var/vmail/.restore/restored"),
    ),
    moment(
        "mail_is_put_back",
        Reach.HOSTS,
        "The mail of all accounts is back",
        partial(_DISK.cut, UNIT, "var/vmail/alpha.test/*/Maildir"),
    ),
    _OF_SITE["postfix_tables_are_compiled"],
    _OF_SITE["the_mail_ports_open"],
)


def test_a_rebuild_killed_again_and_again(facts: dict[str, Any], say: Say, tmp_path: Path) -> None:
    furnish(HOST)
    maildir = f"{home(HOST)}/Maildir"
    before, own_keys = seen(HOST, maildir), keys(HOST)
    on(HOST, TOOL, "run")
    with repository_kept(HOST, tmp_path):
        lab("reset", HOST)
    for number, each in enumerate(MOMENTS):
        seconds = run_until(each, tmp_path / f"{number}.log", *REBUILD)
        say(f"{number + 1}/{len(MOMENTS)} killed while {each.during}, after {seconds:.0f} s")
        if each is not MOMENTS[-1]:
            assert answering(facts, HOST) == []
    # Without the word: it was begun, and goes on.
    done = play("site.yml")
    assert done.status == 0, done.output[-6000:]
    say(f"the run to the end took {done.seconds:.0f} s")
    came_back_whole(HOST, before, own_keys, Post(facts))
