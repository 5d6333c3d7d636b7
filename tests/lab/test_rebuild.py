"""A host is lost with its disk, and comes back whole by one command; a mailbox alone, too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from labbackup import ACCOUNTS, SIEVE, TOOL, Mailboxes, furnish, home, keys, repository_kept, seen
from labkit import MAIL_HOSTS, lab, on, play
from labmail import Post

pytestmark = pytest.mark.usefixtures("site")

NUMBERS = ("doveadm", "-f", "tab", "mailbox", "status", "-u")


@dataclass(frozen=True)
class Lost:
    """What mx1 was when its last backup was made, and a message that came in later."""

    mailboxes: Mailboxes
    keys: str
    modseq: int
    late: str


def maildir(host: str) -> str:
    """Return where a host's account has its mail."""
    return f"{home(host)}/Maildir"


def number(host: str, what: str, mailbox: str) -> int:
    """Return a number that Dovecot gives for a mailbox of a host's account."""
    said = on(host, *NUMBERS, ACCOUNTS[host], what, mailbox)
    return int(said.splitlines()[1].split("\t")[1])


@pytest.fixture(scope="module")
def lost(lab_facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """mx1 with an empty disk, beside the one on which its backups lie."""
    host, post = "mx1", Post(lab_facts)
    furnish(host)
    for _ in range(9):
        on(host, "doveadm", "flags", "add", "-u", ACCOUNTS[host], "\\Seen", "mailbox", "Projects",
           "ALL")  # fmt: skip
        on(host, "doveadm", "flags", "remove", "-u", ACCOUNTS[host], "\\Seen", "mailbox",
           "Projects", "SUBJECT", "$Forwarded")  # fmt: skip
    before = seen(host, maildir(host))
    on(host, TOOL, "run")
    late, answer = post.transfer(ACCOUNTS[host])
    assert answer.startswith("250"), answer
    assert post.arrived(ACCOUNTS[host], late)
    own_keys, modseq = keys(host), number(host, "highestmodseq", "Projects")
    with repository_kept(host, tmp_path_factory.mktemp("backup")):
        lab("reset", host)
    return Lost(before, own_keys, modseq, late)


@pytest.fixture(scope="module")
def rebuilt(lost: Lost) -> Lost:
    """mx1 after the one command."""
    done = play("site.yml", "-e", "rebuild=mx1")
    assert done.status == 0, done.output[-4000:]
    assert re.search(r"brought back: the backup of [\d-]+ [\d:]+ UTC", done.output)
    assert re.search(r"gone: what came in, was moved or was changed after", done.output)
    return lost


def test_a_bare_host_is_not_built_over_its_backup(lost: Lost) -> None:
    done = play("playbooks/keys.yml")
    assert done.status != 0
    assert "there is a backup of it" in done.output
    assert "-e rebuild=mx1" in done.output
    on("mx1", "test", "!", "-e", "/var/lib/postwright/dkim")


def test_mail_is_as_it_was_with_uids_flags_and_keywords(rebuilt: Lost) -> None:
    found = seen("mx1", maildir("mx1"))
    assert rebuilt.mailboxes.messages
    assert found.messages >= rebuilt.mailboxes.messages
    assert found.digests >= rebuilt.mailboxes.digests
    # What came in since, as the probe's mail, has numbers that the lost host never gave out.
    new = found.messages - rebuilt.mailboxes.messages
    assert min(int(uid) for _, uid, _, _ in new) > 1_000_000
    assert (found.validities, found.subscriptions) == (
        rebuilt.mailboxes.validities, rebuilt.mailboxes.subscriptions
    )  # fmt: skip
    assert on("mx1", "cat", f"{home('mx1')}/.dovecot.sieve") == SIEVE


def test_keys_that_others_know_are_the_same(rebuilt: Lost) -> None:
    assert keys("mx1") == rebuilt.keys


def test_no_number_is_given_out_twice(lab_facts: dict[str, Any], rebuilt: Lost) -> None:
    assert number("mx1", "highestmodseq", "Projects") > rebuilt.modseq
    post = Post(lab_facts)
    token, answer = post.transfer(ACCOUNTS["mx1"])
    assert answer.startswith("250"), answer
    assert post.arrived(ACCOUNTS["mx1"], token)
    numbers = {each[3]: int(each[1]) for each in seen("mx1", maildir("mx1")).messages}
    assert max(numbers.values()) == numbers[f"<{token}@client.test>"] > 1_000_000
    assert f"<{rebuilt.late}@client.test>" not in numbers


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_folder_comes_back_into_a_live_mailbox_once(host: str, rebuilt: Lost) -> None:
    furnish(host)
    on(host, TOOL, "run")
    before = {each for each in seen(host, maildir(host)).messages if each[0] == "Projects"}
    gone = ("mailbox", "Projects", "SUBJECT", "$Forwarded")
    on(host, "doveadm", "expunge", "-u", ACCOUNTS[host], *gone)
    words = ("-e", f"account={ACCOUNTS[host]}", "-e", "folder=Projects")
    done = play("playbooks/restore.yml", *words)
    assert done.status == 0, done.output[-3000:]
    after = {each for each in seen(host, maildir(host)).messages if each[0] == "Projects"}
    kept = {(flags, identity) for _, _, flags, identity in before}
    assert {(flags, identity) for _, _, flags, identity in after} == kept
    assert len(after) == len(before)
    said = on(host, TOOL, "restore", ACCOUNTS[host], "--folder", "Projects")
    assert f"0 messages are back, {len(before)} were still there" in said
