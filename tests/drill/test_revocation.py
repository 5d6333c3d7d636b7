"""Accounts that change or go, and app passwords with a limit, on both releases."""

from __future__ import annotations

from typing import Any

import pytest

from labcredentials import ACCOUNTS, SECONDS, Device, ended, install, mailbox, opened
from labkit import on
from postwright.password import hashed
from postwright.probe.result import awaited


@pytest.mark.usefixtures("facts")
@pytest.mark.parametrize("host", sorted(ACCOUNTS))
def test_an_app_password_for_imap_alone_sends_nothing(host: str) -> None:
    device = Device(host, ACCOUNTS[host], "--protocols", "imap")
    taken = opened(host, *[(device.address, device.password, each) for each in ("imap", "smtp")])
    device.revoke()
    assert taken == [True, False]


@pytest.mark.parametrize("host", sorted(ACCOUNTS))
def test_what_opened_an_account_that_changes_or_goes_opens_nothing_at_once(
    facts: dict[str, Any], host: str
) -> None:
    device = Device(host, ACCOUNTS[host])
    address = device.address
    own = f"correct horse {address.partition('@')[0]}"
    before = on(host, "cat", "/etc/dovecot/users")
    line = next(each for each in before.splitlines() if each.startswith(f"{address}:"))
    changed = ":".join([address, hashed("another password"), *line.split(":")[2:]])
    session = mailbox(facts, host, (address, own))
    try:
        # As the role does it: the whole file is replaced.
        install(host, before.replace(line, changed))
        assert ended(session)
        passwords = (own, "another password", device.password)
        tries = [(address, each, "imap") for each in passwords]
        assert opened(host, *tries) == [False, True, True]
        # As `app_passwords_only` writes it: without a hash.
        install(host, before.replace(line, ":".join([address, "", *line.split(":")[2:]])))
        with awaited(SECONDS) as again:
            while again() and opened(host, tries[1])[0]:
                pass
        assert opened(host, *tries, (address, "", "imap")) == [False, False, True, False]
        install(host, before.replace(line + "\n", ""))
        with awaited(SECONDS) as again:
            while again() and device.listed():
                pass
        assert not device.listed()
        assert opened(host, (address, device.password, "smtp")) == [False]
    finally:
        install(host, before)
    # Whoever gets the address next is somebody else.
    assert opened(host, (address, device.password, "imap")) == [False]
