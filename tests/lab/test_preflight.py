"""Preflight on real hosts: each says what stops it and how to mend that, and nothing is changed.

`client` stands for a host that was never ours; it is left as it was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from labkit import ROOT, Play, on, play


@pytest.fixture
def newcomer(lab_facts: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The variables of `client` as a mail host; `judged` writes them down and runs preflight."""
    client = lab_facts["hosts"]["client"]
    return {
        "ansible_host": client["ipv4"],
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(ROOT / ".lab" / "keys" / "ssh"),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={ROOT / '.lab/keys/known_hosts'} "
        "-o ControlMaster=no -o ControlPath=none",
        "mail_hostname": "client.test",
        "mail_ipv4": client["ipv4"],
        "mail_ipv6": client["ipv6"],
        "preflight_smtp_targets": [lab_facts["hosts"]["peer"]["ipv4"]],
    }


def judged(newcomer: dict[str, Any], folder: Path, lab_facts: dict[str, Any]) -> Play:
    """Run the play that looks at hosts, on `client` alone."""
    tsig = lab_facts["tsig"]
    lab_mail = yaml.safe_load((ROOT / "inventory/lab/group_vars/all/mail.yml").read_text("utf-8"))
    # Without the alias that leads to another domain.
    aliases = {"postmaster": ["saburo"], "abuse": ["saburo"]}
    domain = lab_mail["mail_domains"]["gamma.test"] | {"hosts": ["client"], "aliases": aliases}
    variables = {
        "mail_domains": {"gamma.test": domain},
        "dns_resolver": [lab_facts["resolver"]],
        "dns_providers": {
            "lab": {
                "driver": "rfc2136",
                "server": lab_facts["hosts"]["ns1"]["ipv4"],
                "key_name": tsig["name"],
                "key_algorithm": tsig["algorithm"],
                "key_secret": tsig["secret"],
            }
        },
    }
    inventory = {"all": {"vars": variables}, "mail_hosts": {"hosts": {"client": newcomer}}}
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory, sort_keys=False), encoding="utf-8")
    return play("playbooks/preflight.yml", inventory=str(folder))


@contextmanager
def on_client(do: str, undo: str) -> Iterator[None]:
    """Have something be so on `client` for a while."""
    on("client", "sh", "-ec", do)
    try:
        yield
    finally:
        on("client", "sh", "-ec", undo)


def test_a_sound_host_passes(
    newcomer: dict[str, Any], tmp_path: Path, lab_facts: dict[str, Any]
) -> None:
    seen = judged(newcomer, tmp_path, lab_facts)
    assert seen.status == 0, seen.output
    assert seen.recap()["client"]["changed"] == 0


def test_all_that_is_wrong_with_a_host_is_said_at_once(
    newcomer: dict[str, Any], tmp_path: Path, lab_facts: dict[str, Any]
) -> None:
    newcomer["mail_ipv4"] = lab_facts["hosts"]["mx1"]["ipv4"]
    newcomer["preflight_smtp_targets"] = [lab_facts["hosts"]["ns1"]["ipv4"]]
    with on_client(
        "cp --remove-destination /usr/lib/os-release /etc/os-release;"
        "sed -i 's/bookworm\\|trixie/bullseye/; s/^PRETTY_NAME=.*/PRETTY_NAME=\"Debian 11\"/'"
        " /etc/os-release;"
        "systemd-run --quiet --unit=another-mta /usr/bin/python3 -m http.server 25;"
        "until ss -Hltn 'sport = :25' | grep -q .; do sleep 0.1; done",
        "systemctl stop another-mta; ln -sf ../usr/lib/os-release /etc/os-release",
    ):
        seen = judged(newcomer, tmp_path, lab_facts)
    assert seen.status != 0
    for said, mend in (
        ("this host runs Debian 11", "install Debian 12"),
        ("another mail server listens on port 25: python3", "use a bare host"),
        (f"the stated address {newcomer['mail_ipv4']} is not this host's", "correct mail_ipv4"),
        ("outbound port 25 is blocked", "ask your hoster to open outbound TCP port 25"),
    ):
        assert f"client: {said}" in seen.output
        assert mend in seen.output


def test_a_host_without_python_is_told_so(
    newcomer: dict[str, Any], tmp_path: Path, lab_facts: dict[str, Any]
) -> None:
    with on_client(
        "mv /usr/bin/python3 /usr/bin/python3.away", "mv /usr/bin/python3.away /usr/bin/python3"
    ):
        seen = judged(newcomer, tmp_path, lab_facts)
    assert seen.status != 0
    assert "client: python3 was not found on this host" in seen.output
    assert "apt-get install python3" in seen.output


def test_a_user_with_sudo_will_do_and_one_without_will_not(
    newcomer: dict[str, Any], tmp_path: Path, lab_facts: dict[str, Any]
) -> None:
    newcomer["ansible_user"] = "admin"
    with on_client(
        "useradd --create-home --shell /bin/sh admin;"
        "cp -r /root/.ssh /home/admin/; chown -R admin: /home/admin/.ssh",
        "userdel admin; rm -r /home/admin",
    ):
        without = judged(newcomer, tmp_path, lab_facts)
        assert without.status != 0
        assert "client: the user admin does not become root here" in without.output
        assert "install sudo and let admin use it" in without.output
        with on_client(
            "apt-get -qq update; apt-get -qqy install --no-install-recommends sudo;"
            "echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin",
            "rm /etc/sudoers.d/admin; SUDO_FORCE_REMOVE=yes apt-get -qqy purge sudo",
        ):
            assert judged(newcomer, tmp_path, lab_facts).status == 0


@pytest.mark.usefixtures("site")
def test_rules_of_others_are_not_broken() -> None:
    on("mx2", "nft", "add", "table", "inet", "somebody")
    try:
        seen = play("playbooks/preflight.yml", "--limit", "localhost,mx2")
    finally:
        on("mx2", "nft", "delete", "table", "inet", "somebody")
    assert seen.status != 0
    assert "mx2: nftables has a table that is not ours: inet somebody" in seen.output
    assert "nft delete table inet somebody" in seen.output
