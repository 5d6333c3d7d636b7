"""Backups that would not restore, on both releases: each is found and named, and never green."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import backup_target as target
from drill_kill import Say
from labbackup import ACCOUNTS, status
from labkit import MAIL_HOSTS, on
from labmail import Post

KEY_FILE = "/etc/postwright/backup/password"


@pytest.fixture(scope="module")
def kept(facts: dict[str, Any], say: Say) -> Iterator[None]:
    """Both hosts with an append-only target elsewhere, and a backup on it that was tested."""
    say("the target is made; both hosts are told of it")
    target.made()
    lines = target.turned_on(target.spec(facts, append_only=True))
    assert all("rclone serve restic --stdio --append-only" in line for line in lines.values())
    target.authorize(list(lines.values()))
    post = Post(facts)
    for host in MAIL_HOSTS:
        token, answer = post.transfer(ACCOUNTS[host], target.noise(3000))
        assert answer.startswith("250"), answer
        assert post.arrived(ACCOUNTS[host], token)
        for verb in ("run", "test"):
            code, said = target.run(host, verb)
            assert code == 0, said
            say(f"{host}: {said.strip()}")
    yield
    target.turned_off()


@pytest.fixture(params=MAIL_HOSTS)
def host(request: pytest.FixtureRequest, kept: None) -> Iterator[str]:
    """Each host; once the case is over, its backups are good again."""
    host = str(request.param)
    yield host
    for verb in ("run", "test"):
        code, said = target.run(host, verb)
        assert code == 0, said
    assert status(host)["troubles"] == []


def named(host: str, verb: str, meant: str, say: Say) -> None:
    """See that a run is red and says what is wrong, and that its mend is told."""
    code, said = target.run(host, verb)
    say(f"{host}, {verb}: {' / '.join(said.split(chr(10))[:3])}")
    assert code != 0
    assert re.search(meant, said), said
    assert "mend: " in said
    kind = {"run": "backup", "test": "test"}[verb]
    assert re.search(meant, status(host)[kind]["said"])


def test_a_host_cannot_delete_what_it_has_backed_up(host: str, say: Say) -> None:
    before = target.packs(host)
    tried = [("forget", "latest"), ("forget", "--prune", "--keep-last", "1", "--group-by", "host")]
    for words in tried:
        code, said = target.run(host, "restic", *words)
        say(f"{host}: restic {' '.join(words)}: {code}, {said.strip().splitlines()[-1]}")
    code, said = target.run(host, "prune")
    assert code != 0
    assert f"mend: where another credential is: postwright backup prune {host}" in said
    ssh = ("ssh", "-F", "/etc/postwright/backup/ssh_config", "target", f"rm -rf {target.PLACE}")
    on(host, "timeout", "5", *ssh, status=None)
    assert set(before) <= set(target.packs(host))
    snapshots = on("peer", "sh", "-c", f"ls {target.PLACE}/{host}/snapshots").split()
    assert len(snapshots) >= 1


def test_another_credential_removes_what_is_kept_no_longer(host: str, say: Say) -> None:
    for _ in range(2):
        assert target.run(host, "run")[0] == 0
    code, said = target.prune(host)
    say(f"{host}: {said.strip().splitlines()[-1]}")
    assert code == 0, said
    left = on("peer", "sh", "-c", f"ls {target.PLACE}/{host}/snapshots").split()
    # All were made within the hour, and of each hour one is kept.
    assert 1 <= len(left) <= 2


@pytest.mark.parametrize("verb", ["run", "test"])
def test_a_wrong_key_is_named(host: str, verb: str, say: Say) -> None:
    on(host, "cp", "-a", KEY_FILE, "/root/kept")
    try:
        on(host, "sh", "-c", f"echo another >{KEY_FILE}")
        named(host, verb, "does not open with this password", say)
    finally:
        on(host, "mv", "/root/kept", KEY_FILE)


@pytest.mark.parametrize("how", ["truncate -s 1000", "rm -f"])
def test_a_pack_that_is_cut_off_or_gone_is_named(host: str, how: str, say: Say) -> None:
    pack = target.packs(host)[0]
    with target.spoilt(host, f"{how} {pack}"):
        named(host, "test", pack.rpartition("/")[2], say)


def test_a_bit_that_flipped_is_named_with_what_it_was_in(host: str, say: Say) -> None:
    with target.spoilt(host, target.flipped(target.packs(host)[0])):
        named(host, "test", r"@\w+\.test: \S+ UID \d+ .* is (missing|not as it was)", say)


def test_a_full_target_is_named(host: str, facts: dict[str, Any], say: Say) -> None:
    place = f"{target.PLACE}/{host}"
    small = f"mount -t tmpfs -o size=20m,uid=$(id -u {target.USER}),mode=700 tmpfs {place}"
    fill = f"cp -a {place}.kept/. {place}/; head -c 20M /dev/zero >{place}/fill || true"
    with target.spoilt(host, f"{small}; {fill}"):
        token, _ = Post(facts).transfer(ACCOUNTS[host], target.noise(1500))
        assert Post(facts).arrived(ACCOUNTS[host], token)
        named(host, "run", "the target is full", say)


@pytest.mark.parametrize("verb", ["run", "test"])
def test_a_target_that_is_out_of_reach_is_named(host: str, verb: str, say: Say) -> None:
    on("peer", "sh", "-c", "systemctl stop ssh.socket ssh.service")
    try:
        named(host, verb, "cannot be reached", say)
    finally:
        on("peer", "systemctl", "start", "ssh.service")


def test_another_host_in_the_targets_place_is_named(host: str, say: Say) -> None:
    known = "/etc/postwright/backup/known_hosts"
    on(host, "cp", "-a", known, "/root/kept")
    try:
        on(host, "sh", "-c", f"sed -i 's/AAAAC3Nza[^ ]*$/{'A' * 68}/' {known}")
        named(host, "run", "none of those that the inventory states", say)
    finally:
        on(host, "mv", "/root/kept", known)
