"""App passwords of the lab's accounts: made, tried and taken away on a mail host."""

from __future__ import annotations

import imaplib
import json
import secrets
import ssl
from typing import Any

from labkit import lab, on
from postwright.probe.result import awaited

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
                session.shutdown()
                return True
    return False


def install(host: str, accounts: str) -> None:
    """Replace the file of a host's accounts."""
    target = "/etc/dovecot/users"
    new = f"{target}.new"
    script = f"cat >{new}; chown root:dovecot {new}; chmod 640 {new}; mv {new} {target}"
    lab("exec", host, "--", "sh", "-c", script, input=accounts)
