"""Dovecot starts anew again and again while mail comes in: every letter is there, once."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

import feed
from drill_kill import Say
from labbackup import ACCOUNTS
from labkit import MAIL_HOSTS, on
from moving_domain import handed_on

RESTARTS, PER_SECOND = 20, 20.0
MAIL_BETWEEN = 2.0
"""Seconds in which mail comes in between two restarts."""
DRAINED = 300.0


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_letter_is_there_once_however_often_dovecot_starts_anew(
    host: str, facts: dict[str, Any], say: Say
) -> None:
    with feed.fed(f"anew-{secrets.token_hex(4)}", PER_SECOND, [ACCOUNTS[host]]) as stream:
        for _ in range(RESTARTS):
            time.sleep(MAIL_BETWEEN)
            on(host, "systemctl", "restart", "dovecot")
    stream.drained(DRAINED)
    handed_on(host)
    letters, found = stream.acknowledged(), feed.delivered(host, stream.token)
    say(f"{host}: {len(letters)} letters in {RESTARTS} restarts, {found.total()} in the mailbox")
    assert letters
    assert {name: found[name] for name in letters} == dict.fromkeys(letters, 1)
