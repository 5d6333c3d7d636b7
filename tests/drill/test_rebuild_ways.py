"""Rebuilds that begin badly: a target that does not know the machine, a damaged backup, none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import backup_target as target
from drill_kill import Reach, Say, moment, run_until
from labbackup import ACCOUNTS, TOOL, furnish, home, keys, seen
from labkit import MAIL_HOSTS, flush_zone, lab, on, play
from labmail import Post

HOST = "mx1"
REBUILD = ("site.yml", "-e", f"rebuild={HOST}")
# The line that the target is to know, as Ansible prints it.
WANTED = re.compile(r'restrict,command=\\?"[^"]*\\?" ssh-ed25519 \S+ postwright-backup@mx1')
SELECTORS = ("sh", "-c", "cd /var/lib/postwright/dkim/alpha.test && ls *.key")


@pytest.fixture
def elsewhere(facts: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Both hosts with a target elsewhere, and the keys of the others; afterwards as they were."""
    target.made()
    extra = target.spec(facts)
    lines = target.turned_on(extra)
    target.authorize(list(lines.values()))
    yield extra, [line for host, line in lines.items() if host != HOST]
    on("peer", "rm", "-rf", target.PLACE)
    lab("reset", *MAIL_HOSTS)
    assert play("site.yml").status == 0


def test_the_target_is_told_of_the_new_machine_and_a_damaged_backup_gives_all_but_what_is_named(
    elsewhere: tuple[str, list[str]], facts: dict[str, Any], say: Say
) -> None:
    extra, others = elsewhere
    furnish(HOST)
    post = Post(facts)
    for _ in range(5):
        token, answer = post.transfer(ACCOUNTS[HOST], target.noise(800))
        assert answer.startswith("250"), answer
        assert post.arrived(ACCOUNTS[HOST], token)
    before, own_keys = seen(HOST, f"{home(HOST)}/Maildir"), keys(HOST)
    assert target.run(HOST, "run")[0] == 0
    on("peer", "sh", "-ec", target.flipped(target.packs(HOST)[0]))
    lab("reset", HOST)

    stopped = play(*REBUILD, "-e", extra)
    assert stopped.status != 0
    wanted = WANTED.search(stopped.output)
    assert wanted, stopped.output[-3000:]
    say(f"stopped: {wanted[0]}")
    target.authorize([wanted[0].replace("\\", ""), *others])
    done = play(*REBUILD, "-e", extra)
    assert done.status == 0, done.output[-4000:]

    # Ansible breaks long lines.
    told = re.sub(r"\n +", " ", done.output)
    named = re.search(r"gone, too, since the backup did not give it back: ([^\"\n]*)", told)
    assert named, done.output[-3000:]
    say(f"named: {named[1]}")
    after = seen(HOST, f"{home(HOST)}/Maildir")
    missing = {(folder, uid) for folder, uid, _, _ in before.messages - after.messages}
    changed = before.digests - after.digests
    assert len(changed) >= 1
    for folder, uid in missing:
        assert f"{folder} UID {uid} " in named[1]
    assert len(re.findall(rf"{ACCOUNTS[HOST]}: \S+ UID", named[1])) == len(changed)
    assert keys(HOST) == own_keys
    token, answer = post.transfer(ACCOUNTS[HOST])
    assert answer.startswith("250"), answer
    assert post.arrived(ACCOUNTS[HOST], token)


@contextmanager
def forgetful() -> Iterator[None]:
    """Have the world's resolver remember nothing, as if the hour of a TTL had passed."""
    usual = on("ns1", "unbound-control", "get_option", "cache-max-ttl").strip()
    try:
        on("ns1", "unbound-control", "set_option", "cache-max-ttl:", "0")
        flush_zone("ns1")
        yield
    finally:
        on("ns1", "unbound-control", "set_option", "cache-max-ttl:", usual)


def test_without_any_backup_mail_flows_by_new_keys_and_the_report_says_what_is_gone(
    facts: dict[str, Any], say: Say, tmp_path: Path
) -> None:
    old_keys, old = keys(HOST), set(on(HOST, *SELECTORS).split())
    lab("reset", HOST)

    refused = play(*REBUILD)
    assert refused.status != 0
    assert f"{HOST} cannot be brought back" in refused.output
    assert f"-e without_backup={HOST}" in refused.output
    on(HOST, "test", "!", "-e", "/var/lib/postwright/dkim")

    with forgetful():
        words = (*REBUILD, "-e", f"without_backup={HOST}")
        run_until(
            moment("keys are made", Reach.HOSTS, "The host has its current and its next TLS keys"),
            tmp_path / "killed.log",
            *words,
        )
        done = play(*words)
        assert done.status == 0, done.output[-4000:]
        say(f"built with nothing in {done.seconds:.0f} s")
        for gone in (f"{HOST} began with nothing", "gone: all mail", "gone: its keys"):
            assert gone in done.output
        assert ACCOUNTS[HOST] in done.output
        new = set(on(HOST, *SELECTORS).split())
        assert not old & new
        assert not set(old_keys.split()) & set(keys(HOST).split()[::2])
        # Mail that was signed by the old keys may still be on its way.
        for selector in old | new:
            name = f"{selector.removesuffix('.key')}._domainkey.alpha.test"
            assert "p=" in on("client", "kdig", "+short", "@ns1.test", "TXT", name), selector
        said = on("peer", "posttls-finger", "-c", "-l", "dane", "[mx1.alpha.test]")
        assert "Verified TLS connection" in said, said
        token, answer = Post(facts).transfer(ACCOUNTS[HOST])
        assert answer.startswith("250"), answer
        assert Post(facts).arrived(ACCOUNTS[HOST], token)
        assert on(HOST, TOOL, "newest", "--json").strip() == "null"
        assert "began with nothing" not in play("playbooks/verify.yml").output
