"""Moves that lead nowhere, and what must be said of them."""

from __future__ import annotations

from model_cases import Case

B = "mail_domains/beta.test/moves_from"
SAID = "mail_domains.beta.test.moves_from"
MOVE_CASES = [
    Case(
        "move from an unknown host",
        [(B, "mx11")],
        SAID,
        '"mx11"',
        "mx11 is no host of the group mail_hosts",
        "'mx1'",
    ),
    Case(
        "move to where it is",
        [(B, "mx1")],
        SAID,
        '"mx1"',
        "mx1 is among its hosts, so nothing moves",
        "take out moves_from if mx1 keeps it",
    ),
    Case(
        "move to two hosts",
        [
            ("mail_hosts/mx3", {"mail_hostname": "mx3.test", "mail_ipv4": "198.18.0.13"}),
            ("mail_domains/beta.test/hosts", ["mx1", "mx2"]),
            (B, "mx3"),
        ],
        SAID,
        '"mx3"',
        "can move to one host alone",
        "name one in hosts",
    ),
]
