"""App passwords and revocation on both releases: what opens an account, and until when."""

from __future__ import annotations

import imaplib
import json
import secrets
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from labkit import lab, on
from postwright.password import hashed
from postwright.probe.result import awaited
from postwright.probe.submission import Login, open_session
from postwright.probe.wire import Target

pytestmark = pytest.mark.usefixtures("site")

TOOL = "postwright-app-password"
ACCOUNTS = {"mx1": "jiro@alpha.test", "mx2": "saburo@gamma.test"}
SERVICES = ("imap", "pop3", "smtp", "sieve")
# sysexits.h EX_NOPERM: doveadm says that a password is wrong.
REFUSED = 77
SECONDS = 20
# Dovecot has wrong passwords wait for two seconds.
TRY = """
import subprocess, sys
words = sys.argv[1:]
def start(address, password, service):
    command = ["doveadm", "auth", "test", "-x", "service=" + service, address, password]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
begun = [start(*words[at : at + 3]) for at in range(0, len(words), 3)]
print(*[each.wait() for each in begun])
"""


class Device:
    """A device of an account, with the app password that was made for it."""

    def __init__(self, host: str, address: str, *options: str) -> None:
        self.host, self.address = host, address
        self.name = f"phone {secrets.token_hex(4)}"
        self.password = on(host, TOOL, "create", address, self.name, *options).strip()

    def listed(self) -> dict[str, Any]:
        """Return what the host knows of it."""
        known = json.loads(on(self.host, TOOL, "list", "--json", self.address))
        return next((each for each in known if each["name"] == self.name), {})

    def revoke(self) -> None:
        """Take it away."""
        on(self.host, TOOL, "revoke", self.address, self.name)


def opened(host: str, *tries: tuple[str, str, str]) -> list[bool]:
    """Tell of each address, password and service whether Dovecot takes it; all are tried at once.

    Raises:
        AssertionError: an answer was neither yes nor no.
    """
    words = [word for each in tries for word in each]
    statuses = list(map(int, on(host, "python3", "-c", TRY, *words).split()))
    assert set(statuses) <= {0, REFUSED}
    return [status == 0 for status in statuses]


def mailbox(facts: dict[str, Any], host: str, login: tuple[str, str]) -> imaplib.IMAP4_SSL:
    """Return an open IMAP session."""
    trust = ssl.create_default_context()
    trust.check_hostname = False
    session = imaplib.IMAP4_SSL(facts["hosts"][host]["ipv4"], 993, ssl_context=trust)
    session.login(*login)
    return session


def ended(session: imaplib.IMAP4_SSL) -> bool:
    """Tell whether the server ends a session in the next seconds."""
    with awaited(SECONDS) as again:
        while again():
            try:
                session.noop()
            except imaplib.IMAP4.abort:
                return True
    return False


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


def test_an_app_password_for_imap_alone_sends_nothing(host: str) -> None:
    device = Device(host, ACCOUNTS[host], "--protocols", "imap")
    taken = opened(host, *[(device.address, device.password, each) for each in ("imap", "smtp")])
    device.revoke()
    assert taken == [True, False]


def test_what_opened_an_account_that_changes_or_goes_opens_nothing_at_once(
    device: Device, lab_facts: dict[str, Any]
) -> None:
    host, address = device.host, device.address
    own = f"correct horse {address.partition('@')[0]}"
    before = on(host, "cat", "/etc/dovecot/users")
    line = next(each for each in before.splitlines() if each.startswith(f"{address}:"))
    changed = ":".join([address, hashed("another password"), *line.split(":")[2:]])
    session = mailbox(lab_facts, host, (address, own))
    try:
        # As the role does it: the whole file is replaced.
        install(host, before.replace(line, changed))
        assert ended(session)
        passwords = (own, "another password", device.password)
        tries = [(address, each, "imap") for each in passwords]
        assert opened(host, *tries) == [False, True, True]
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


def install(host: str, accounts: str) -> None:
    """Replace the file of a host's accounts."""
    target = "/etc/dovecot/users"
    new = f"{target}.new"
    script = f"cat >{new}; chown root:dovecot {new}; chmod 640 {new}; mv {new} {target}"
    lab("exec", host, "--", "sh", "-c", script, input=accounts)
