"""Every daemon runs, comes back after a reboot, and listens where it should and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

POSTFIX = {"bookworm": "postfix@-", "trixie": "postfix"}
ALWAYS = {22}
OPTIONAL = {80, 443}
METRICS = {9100}


@pytest.mark.parametrize(
    "name",
    [
        "nftables",
        "unbound",
        "nginx",
        "dovecot",
        "postsrsd",
        "redis-server",
        "rspamd",
        "postwright-tls-policy",
        "postwright-limits",
        "postfix",
        "fail2ban",
    ],
)
def test_service_runs_and_comes_back_after_a_reboot(host: Host, release: str, name: str) -> None:
    unit = POSTFIX[release] if name == "postfix" else name
    assert host.service(unit).is_running, host.run("journalctl -n 20 -u %s", unit).stdout
    assert host.service(name).is_enabled


@pytest.mark.parametrize(
    "name", ["apt-daily-upgrade", "postwright-certificates", "postwright-monitoring-alarm"]
)
def test_timer_is_waiting(host: Host, name: str) -> None:
    assert host.service(f"{name}.timer").is_running


@pytest.mark.parametrize("name", ["postwright-credentials", "postwright-limits-freeze"])
def test_passwords_that_change_and_accounts_that_are_frozen_are_watched_for(
    host: Host, name: str
) -> None:
    assert host.service(f"{name}.path").is_running
    assert host.service(f"{name}.path").is_enabled


def test_no_unit_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_listeners_are_those_that_the_inventory_promises(host: Host, mail: dict[str, Any]) -> None:
    lines = host.check_output("ss -Hltn").splitlines()
    places = [line.split()[3].rsplit(":", 1) for line in lines]
    outside = {int(port) for address, port in places if not _loopback(address)}
    wanted = set(mail["public_mail_ports"])
    # Open to the other host of a move alone.
    wanted |= {move["lmtp_port"] for move in mail["moves"]}
    if json.loads(host.file("/etc/postwright/monitoring.json").content_string)["metrics"]:
        wanted |= METRICS
    assert outside - ALWAYS - OPTIONAL == wanted


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address in {"[::1]", "[::ffff:127.0.0.1]"}


def test_firewall_drops_what_is_not_served(host: Host, mail: dict[str, Any]) -> None:
    rules = host.check_output("nft list table inet postwright")
    assert "policy drop" in rules
    opened = host.check_output("nft -j list set inet postwright mail_ports")
    for port in mail["public_mail_ports"]:
        assert str(port) in opened


def test_only_postfix_reaches_port_25_of_other_hosts(host: Host) -> None:
    rules = host.check_output("nft -n list chain inet postwright output")
    postfix = host.user("postfix").uid
    assert f"tcp dport 25 meta skuid {postfix} accept" in rules or "meta skuid {" in rules
    assert "reject with tcp reset" in rules.splitlines()[-3]


def test_guessers_are_banned_from_every_mail_port(host: Host, mail: dict[str, Any]) -> None:
    rules = host.check_output("nft list table inet postwright_bans")
    for port in mail["public_mail_ports"]:
        assert rules.count(str(port)) >= 2, f"port {port}: {rules}"


def test_no_login_waits_for_a_socket_where_nobody_answers(host: Host) -> None:
    # Dovecot's own configuration opens it, and leaves it when ours takes over.
    assert not host.file("/run/dovecot/anvil-auth-penalty").exists
