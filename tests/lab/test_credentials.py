"""App passwords on both releases: what they open, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from labcredentials import ACCOUNTS, SERVICES, Device, ended, mailbox, opened
from labkit import on
from postwright.probe.submission import Login, open_session
from postwright.probe.wire import Target

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(params=sorted(ACCOUNTS))
def host(request: pytest.FixtureRequest) -> str:
    """Each mail host."""
    return str(request.param)


@pytest.fixture
def device(host: str) -> Iterator[Device]:
    """A device that is known until the test ends."""
    made = Device(host, ACCOUNTS[host])
    yield made
    if made.listed():
        made.revoke()


def test_an_app_password_opens_the_account_until_it_is_revoked(
    device: Device, lab_facts: dict[str, Any]
) -> None:
    host, address = device.host, device.address
    tries = [(address, device.password, each) for each in SERVICES]
    other = {"mx1": "taro@alpha.test", "mx2": "shiro@gamma.test"}[host]
    assert opened(host, *tries, (other, device.password, "imap")) == [True] * 3 + [False] * 2
    hostname = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}[host]
    server = Target(hostname, lab_facts["hosts"][host]["ipv4"], "IPv4")
    with open_session(server, 465, Login(address, device.password, True, ())) as session:
        assert session.command(f"MAIL FROM:<{address}>").startswith("250")
    # As a person types it from a piece of paper.
    typed = device.password.replace("-", " ").upper()
    session = mailbox(lab_facts, host, (address, typed))
    assert device.listed()["used"] is not None
    assert device.name in on(host, "journalctl", "-u", "dovecot", "--since", "-1 min", "-o", "cat")
    device.revoke()
    assert ended(session)
    own = f"correct horse {address.partition('@')[0]}"
    assert opened(host, *tries, (address, own, "imap")) == [False] * 4 + [True]
