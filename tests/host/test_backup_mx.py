"""What the host takes for domains of others, and who does the same for its own."""

from __future__ import annotations

import json
from typing import Any

from testinfra.host import Host

SENDER = "somebody@example.org"
# As a backup MX's Postfix hands it on; 192.0.2.1 is reserved for documentation (RFC 5737).
HANDED_ON = """Received: from mail.example.org (mail.example.org [192.0.2.1])
\tby {hostname} (Postfix) with ESMTP id 4XyZ for <postmaster@{hostname}>
From: {sender}
Subject: a test of the host

text
"""


def test_mail_for_others_is_taken_for_the_addresses_that_they_have(
    host: Host, mail: dict[str, Any]
) -> None:
    assert _table(host, "relay_domains") == {queue["domain"]: "-" for queue in mail["queues"]}
    assert _table(host, "relay_recipient_maps") == {
        each["address"]: "leaves" if each["leaves"] else "stays"
        for queue in mail["queues"]
        for each in queue["recipients"]
    }


def test_what_was_taken_for_others_waits_and_goes_round_in_no_circle(
    host: Host, mail: dict[str, Any]
) -> None:
    assert host.check_output("postconf -h relay_transport") == "relay"
    assert host.check_output("postconf -P relay/unix/soft_bounce") == (
        "relay/unix/soft_bounce = yes"
    )
    own = host.check_output("postconf -h proxy_interfaces").split(", ")
    assert own == mail["host"]["addresses"]


def test_mail_is_judged_by_whom_it_came_from_if_a_backup_mx_says_so_and_nobody_else(
    host: Host, mail: dict[str, Any]
) -> None:
    trusted = {
        address: each["names"][-1] for each in mail["queued_by"] for address in each["addresses"]
    }
    stranger = "198.51.100.1"
    for address in [*mail["host_addresses"], stranger]:
        hostname = trusted.get(address, mail["host"]["hostname"])
        text = HANDED_ON.format(hostname=hostname, sender=SENDER)
        seen = host.check_output(
            "printf %s %s | rspamc -h /run/rspamd/controller.sock -i %s --from %s --json symbols",
            "%s", text, address, SENDER,
        )  # fmt: skip
        assert ("BACKUP_MX" in json.loads(seen)["symbols"]) == (address in trusted), address


def _table(host: Host, name: str) -> dict[str, str]:
    text = host.check_output("postmap -s lmdb:/etc/postfix/%s", name)
    return dict(line.split("\t", 1) for line in text.splitlines())
