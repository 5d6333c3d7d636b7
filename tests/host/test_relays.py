"""Relays take our mail: each presents its name, takes our login, and keeps nothing waiting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

LOGIN = (Path(__file__).parent / "relay_login.py").read_text(encoding="utf-8")
PASSWORDS = "/etc/postfix/relay_passwords"


def test_each_relay_proves_its_name_and_takes_our_login(host: Host, mail: dict[str, Any]) -> None:
    troubles = []
    for relay in mail["relays"]:
        keys = [s["address"] for s in mail["relay_senders"] if s["transport"] == relay["transport"]]
        words = [relay["host"], str(relay["port"])]
        words += ["implicit" if relay["implicit_tls"] else "starttls", *keys, relay["next_hop"]]
        asked = " ".join(["%s"] * len(words))
        said = host.check_output(f"python3 -c %s {asked}", LOGIN, *words)
        troubles += [f"{relay['name']}, {relay['host']}: {line}" for line in said.splitlines()]
    if troubles:
        pytest.fail("; ".join(troubles), pytrace=False)


def test_no_mail_waits_for_a_relay(host: Host, mail: dict[str, Any]) -> None:
    lines = host.check_output("postqueue -j").splitlines()
    waiting = [
        f"{message['queue_id']} from {message['sender'] or '<>'}: {recipient['delay_reason']}"
        for message in map(json.loads, lines)
        if _relayed(message["sender"], mail)
        for recipient in message["recipients"]
        if recipient.get("delay_reason")
        if recipient["address"].rpartition("@")[2] not in mail["domains"]
    ]
    if waiting:
        more = f"; and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        pytest.fail(f"{waiting[0]}{more}", pytrace=False)


def _relayed(sender: str, mail: dict[str, Any]) -> bool:
    """Return whether mail of a sender leaves through a relay."""
    ways = {each["address"]: each["transport"] for each in mail["relay_senders"]}
    domain = f"@{sender.rpartition('@')[2]}"
    return str(ways.get(domain, mail["default_transport"])).startswith("relay-")


def test_logins_at_relays_are_for_root_alone(host: Host) -> None:
    table = host.file(PASSWORDS)
    assert (table.user, table.group, table.mode) == ("root", "root", 0o600)
    # Compiled, they would lie there once more.
    assert not host.file(f"{PASSWORDS}.lmdb").exists


def test_relays_are_told_nothing_before_their_name_is_proven(
    host: Host, mail: dict[str, Any]
) -> None:
    for relay in mail["relays"]:
        service = f"relay-{relay['name']}/unix"
        said = host.check_output("postconf -P %s", service)
        lines = (line.removeprefix(f"{service}/").partition("=") for line in said.splitlines())
        settings = {name.strip(): value.strip() for name, _, value in lines}
        assert settings["smtp_tls_security_level"] == "secure"
        assert settings["smtp_tls_secure_cert_match"] == "nexthop"
        # A policy for the relay's name would take precedence.
        assert settings["smtp_tls_policy_maps"] == ""
    # Whoever is no relay never gets a login.
    assert host.check_output("postconf -h smtp_sasl_auth_enable") == "no"
