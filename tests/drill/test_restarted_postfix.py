"""Postfix starts anew again and again while mail goes out: every letter is there, once."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import feed
from drill_kill import Say
from labbackup import ACCOUNTS
from labkit import MAIL_HOSTS, on
from moving_domain import handed_on

RESTARTS, LETTERS = 20, 1000
MAIL_BETWEEN = 2.0
"""Seconds in which mail goes out between two restarts."""
FRIEND = "friend@peer.test"
# To another organisation, and to the mailbox by LMTP.
SEND = r"""
for number in $(seq {letters}); do
    sendmail -i -f {sender} {friend} {sender} <<END
From: {sender}
To: {friend}
Subject: {token}
Message-ID: <{token}.$number@test>

sent all the while
END
    sleep 0.05
done
"""


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_letter_is_there_once_however_often_postfix_starts_anew(
    host: str, facts: dict[str, Any], say: Say
) -> None:
    token = f"anew-{secrets.token_hex(4)}"
    send = SEND.format(letters=LETTERS, sender=ACCOUNTS[host], friend=FRIEND, token=token)
    took = []
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(on, host, "sh", "-ec", send)
        while not sending.done() and len(took) < RESTARTS:
            time.sleep(MAIL_BETWEEN)
            start = time.monotonic()
            on(host, "systemctl", "restart", "postfix")
            took.append(time.monotonic() - start)
        sending.result()
    handed_on(host)
    say(f"{host}: {LETTERS} letters in {len(took)} restarts, of {max(took):.1f} s at most")
    names = [f"<{token}.{number}@test>" for number in range(1, LETTERS + 1)]
    for place, account in (("peer", FRIEND), (host, ACCOUNTS[host])):
        assert feed.delivered(place, token, account) == dict.fromkeys(names, 1)
