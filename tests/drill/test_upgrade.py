"""A populated Debian 12 host becomes a Debian 13 host: all mail is there, and no client notices.

The lab's mx2 has Debian 12 again afterwards.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import feed
import upgrade_moments
from drill_kill import Say, run_until
from labbackup import TOOL, repository_kept
from labfilling import filled
from labkit import answering, lab, on, play, this_lab
from labmailboxes import View, accounts, difference, look, overlay, password, target
from labmbsync import Mbsync
from postwright.lab import machine
from postwright.lab.plan import Host

HOST = "mx2"
MAILBOXES, MESSAGES, SYNCHRONISED = 50, 10_000, 10
# A message of a few lines with its headers, and what IMAP says about it.
NEW_MESSAGE = 12_000
MEANWHILE = "meanwhile"
PER_SECOND = 0.2
PATIENCE = 240.0
"""Seconds in which the peer hands over all that it kept."""
IN_THE_WAY = """
apt-mark -q hold postfix
mkdir /srv/other; touch /srv/other/Packages
echo 'deb [trusted=yes] file:/srv/other ./' >/etc/apt/sources.list.d/other.list
printf 'Package: *\\nPin: release n=bookworm\\nPin-Priority: 900\\n' >/etc/apt/preferences.d/pinned
"""
OUT_OF_THE_WAY = """
apt-mark -q unhold postfix
rm -r /srv/other /etc/apt/sources.list.d/other.list /etc/apt/preferences.d/pinned
apt-get -q update
"""
# As Debian's own cloud images of 12 have them.
IN_DEB822 = """
mkdir /etc/apt/mirrors
echo http://deb.debian.org/debian >/etc/apt/mirrors/debian.list
echo http://security.debian.org/debian-security >/etc/apt/mirrors/debian-security.list
cat >/etc/apt/sources.list.d/debian.sources <<END
Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates bookworm-backports
Components: main

Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian-security.list
Suites: bookworm-security
Components: main
END
rm /etc/apt/sources.list
apt-get -q update
"""


@dataclass(frozen=True)
class Populated:
    """The host before its upgrade, and how to have it so again."""

    facts: dict[str, Any]
    extra: tuple[str, str]
    view: View
    client: Mbsync
    idle: int
    """Bytes that mbsync receives when there is nothing new."""
    copies: dict[str, list[tuple[str, str]]]
    kept: Path
    backed_up: str
    """When Debian 12 made its backup of all that."""

    def upgrade(self) -> tuple[str, ...]:
        """Return the playbook with its words."""
        return ("playbooks/upgrade.yml", *self.extra)


@pytest.fixture(scope="module")
def populated(
    lab_facts: dict[str, Any], say: Say, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Populated]:
    """mx2 on Debian 12 with 10,000 messages in 50 mailboxes, and a client that has some of them."""
    extra = ("-e", overlay({HOST: MAILBOXES}, tmp_path_factory.mktemp("overlay")))
    site = play("site.yml", *extra)
    assert site.status == 0, site.output[-4000:]
    addresses = accounts(HOST, MAILBOXES)
    written = filled(lab_facts, HOST, addresses, MESSAGES)
    say(f"{MESSAGES} messages in {MAILBOXES} mailboxes: {written >> 20} MiB")
    server = target(lab_facts, HOST)
    client = Mbsync(server.hostname, password(HOST), addresses[:SYNCHRONISED])
    client.install(lab_facts["ca_file"])
    first, idle = client.synchronise(), client.synchronise()
    say(f"mbsync received {first} bytes, and {idle} when there was nothing new")
    view, copies = look(lab_facts, HOST, addresses), client.held()
    assert sum(len(account.messages) for account in view.values()) == MESSAGES
    on(HOST, TOOL, "run")
    backed_up = on(HOST, "date", "+%FT%T").strip()
    kept = keep(this_lab().hosts[HOST])
    yield Populated(lab_facts, extra, view, client, idle, copies, kept, backed_up)
    # Not a bare disk: its new TLS keys would have to wait until mx1 forgets the old TLSA records.
    bring_back(this_lab().hosts[HOST], kept)
    shutil.rmtree(kept)
    on(HOST, "sh", "-ec", "rm -r /var/vmail/*/user[0-9][0-9]")
    site = play("site.yml")
    assert site.status == 0, site.output[-4000:]


@pytest.fixture
def on_debian_12(populated: Populated) -> Populated:
    """mx2 as it was before any upgrade, and its client."""
    if "bookworm" not in on(HOST, "cat", "/etc/os-release"):
        bring_back(this_lab().hosts[HOST], populated.kept)
        # What came since is not on this disk: the client's copies are of this disk, too.
        populated.client.install(populated.facts["ca_file"])
        populated.client.synchronise()
    return populated


def keep(host: Host) -> Path:
    """Keep a copy of a host's disk as it is."""
    # Not beside the disk: a reset would take it, too.
    kept = this_lab().home / "kept"
    machine.stop(host)
    subprocess.run(["rm", "-rf", kept], check=True)
    subprocess.run(["cp", "-a", host.disk, kept], check=True)
    lab("up")
    return kept


def bring_back(host: Host, kept: Path) -> None:
    """Give a host the disk again that was kept."""
    machine.destroy_processes(host)
    subprocess.run(["rm", "-rf", host.disk], check=True)
    subprocess.run(["cp", "-a", kept, host.disk], check=True)
    lab("up")


def test_all_that_is_in_the_way_is_named_at_once_and_nothing_is_changed(
    on_debian_12: Populated,
) -> None:
    on(HOST, "sh", "-ec", IN_THE_WAY)
    try:
        seen = play(*on_debian_12.upgrade(), "-e", '{"release_free": {"/": 99000000}}')
        left = on(HOST, "cat", "/etc/apt/sources.list")
    finally:
        on(HOST, "sh", "-ec", OUT_OF_THE_WAY)
    assert seen.status != 0
    for what, mend in (
        ("/: [0-9]+ MiB are free, and 99000000 MiB are needed", "make room"),
        ("packages are held: postfix", "apt-mark unhold postfix"),
        (r"a source of apt's is not Debian's: /etc/apt/sources.list.d/other.list:1 ", "disable it"),
        ("/etc/apt/preferences.d/pinned pins packages: Pin: release n=bookworm", "take the pin"),
    ):
        assert re.search(rf"{HOST}: {what}.*\n\s+mend: .*{mend}", seen.output), what
    assert "trixie" not in left
    assert seen.recap()[HOST]["changed"] == 0
    without = play(*on_debian_12.upgrade(), "-e", '{"mail_backup": null}')
    assert without.status != 0
    assert f"{HOST} is backed up nowhere" in without.output
    assert "mend: docs/backup.md" in without.output


def test_an_upgrade_while_mail_comes(on_debian_12: Populated, say: Say) -> None:
    with sent_meanwhile() as sent:
        run = play(*on_debian_12.upgrade())
    assert run.status == 0, run.output[-6000:]
    say(f"{HOST} has Debian 13 after {run.seconds:.0f} s")
    arrived_whole(on_debian_12, sent, say)
    again = play(*on_debian_12.upgrade())
    assert again.status == 0, again.output[-3000:]
    assert "Nothing to do: every mail host has Debian 13" in again.output
    assert {host: count["changed"] for host, count in again.recap().items()} == dict.fromkeys(
        again.recap(), 0
    )


def test_an_upgrade_killed_again_and_again(
    on_debian_12: Populated, say: Say, tmp_path: Path
) -> None:
    on(HOST, "sh", "-ec", IN_DEB822)
    moments = upgrade_moments.MOMENTS
    with sent_meanwhile() as sent:
        for number, moment in enumerate(moments):
            log = tmp_path / f"{number}.log"
            seconds = run_until(moment, log, *on_debian_12.upgrade())
            say(f"{number + 1}/{len(moments)} killed while {moment.during}, after {seconds:.0f} s")
            if moment in moments[upgrade_moments.SHUT]:
                assert answering(on_debian_12.facts, HOST) == []
            if moment.during == "packages_are_fetched":
                refused_by_site(on_debian_12)
        run = play(*on_debian_12.upgrade())
    assert run.status == 0, run.output[-6000:]
    say(f"the run to the end took {run.seconds:.0f} s")
    arrived_whole(on_debian_12, sent, say)


def test_the_way_back_is_a_rebuild_on_debian_12(
    populated: Populated, say: Say, tmp_path: Path
) -> None:
    on(HOST, TOOL, "run")
    # What an upgrade that failed left there would come to the rebuilt host.
    on("peer", "postsuper", "-d", "ALL")
    with repository_kept(HOST, tmp_path):
        lab("reset", HOST)
    words = ("-e", f"rebuild={HOST}", "-e", f"rebuild_at={populated.backed_up}")
    run = play("site.yml", *populated.extra, *words)
    assert run.status == 0, run.output[-6000:]
    say(f"{HOST} has Debian 12 again after {run.seconds:.0f} s")
    assert re.match(r"2\.3", on(HOST, "dovecot", "--version"))
    after = look(populated.facts, HOST, accounts(HOST, MAILBOXES))
    assert difference(populated.view, after) == []


def refused_by_site(populated: Populated) -> None:
    """Nothing else touches a host that is between two releases."""
    seen = play("playbooks/preflight.yml", *populated.extra)
    assert seen.status != 0
    assert f"{HOST}: this host is on its way from Debian 12 to 13" in seen.output
    assert "mend: finish it: ansible-playbook ... playbooks/upgrade.yml" in seen.output


def sent_meanwhile() -> AbstractContextManager[feed.Feed]:
    """Have letters sent all the while to whom the client reads for."""
    token = f"{MEANWHILE}-{secrets.token_hex(4)}"
    return feed.fed(token, PER_SECOND, accounts(HOST, MAILBOXES)[:SYNCHRONISED])


def arrived_whole(populated: Populated, sent: feed.Feed, say: Say) -> None:
    """All mail is there as it was, what was sent meanwhile has come, and the host is sound."""
    sent.drained(PATIENCE)
    waited = len(sent.deferred())
    assert waited
    addresses = accounts(HOST, MAILBOXES)
    after = look(populated.facts, HOST, addresses)
    new = [m.identity for account in after.values() for m in account.messages if is_new(m.identity)]
    old = {
        address: replace(
            account, messages=tuple(m for m in account.messages if not is_new(m.identity))
        )
        for address, account in after.items()
    }
    assert difference(populated.view, old) == []
    assert sorted(new) == sorted(sent.sent())
    say(f"all as it was; {len(new)} messages sent meanwhile have come, {waited} of them late")
    received = populated.client.synchronise()
    say(f"mbsync received {received} bytes for {len(new)} new messages")
    assert received < 2 * populated.idle + NEW_MESSAGE * len(new)
    copies = populated.client.held()
    assert {
        address: [copy for copy in held if not is_new(copy[1])] for address, held in copies.items()
    } == populated.copies
    sound()


def is_new(identity: str) -> bool:
    """Tell by its Message-ID whether a message was sent while the upgrade went on."""
    return identity.startswith(f"<{MEANWHILE}-")


def sound() -> None:
    """The host is a whole Debian 13, and no name of Dovecot 2.3's was taken literally."""
    assert re.match(r"2\.4", on(HOST, "dovecot", "--version"))
    assert "mail_version = 3.10" in on(HOST, "postconf", "mail_version")
    assert on(HOST, "dpkg", "--audit") == ""
    sources = "find /etc/apt -name '*sources*' -type f -exec cat {} +"
    assert "bookworm" not in on(HOST, "sh", "-ec", f"cat /etc/os-release; {sources}")
    on(HOST, "apt-get", "-qq", "update")
    read = set(on(HOST, "apt-get", "indextargets", "--format", "$(CODENAME)").split())
    assert read - {"trixie-backports"} == {"trixie", "trixie-updates", "trixie-security"}
    assert on(HOST, "sh", "-c", "find /var/vmail -name '*%*'") == ""
    users = on(HOST, "doveadm", "user", "user00@gamma.test", "saburo@gamma.test")
    assert "%" not in users
    assert "/var/vmail/gamma.test/user00" in users
    assert on(HOST, "systemctl", "--failed", "--plain", "--no-legend") == ""
    masked = on(HOST, "systemctl", "list-unit-files", "--state=masked", "--no-legend", "--plain")
    assert not re.search("dovecot|postfix|rspamd|redis|fail2ban", masked)
    assert not (this_lab().hosts[HOST].disk / upgrade_moments.MARKER).exists()
    # The way back stays, whatever `keep` says.
    assert json.loads(on(HOST, TOOL, "restic", "snapshots", "--json", "--tag", "kept"))
