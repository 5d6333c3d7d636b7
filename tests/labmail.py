"""Sending and finding mail as the lab's accounts do."""

from __future__ import annotations

import json
import secrets
from email.utils import formatdate
from typing import Any

import pytest

from labkit import on
from postwright.probe.journey import ARRIVAL
from postwright.probe.mailbox import Imap, count_imap, read_imap
from postwright.probe.result import awaited
from postwright.probe.submission import Login, message, open_session, submit
from postwright.probe.wire import Smtp, Target

SERVERS = {
    "alpha.test": ("mx1", "mx1.alpha.test"),
    "beta.test": ("mx1", "mx1.alpha.test"),
    "gamma.test": ("mx2", "mx2.gamma.test"),
    "delta.test": ("mx1", "mx1.alpha.test"),
    "peer.test": ("peer", "peer.peer.test"),
}


class Post:
    """Sends and finds mail as the lab's accounts do, from the machine that runs the lab."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def target(self, address: str) -> Target:
        """Return the server of an address."""
        host, hostname = SERVERS[address.partition("@")[2]]
        return Target(hostname, self.facts["hosts"][host]["ipv4"], "IPv4")

    def login(self, address: str) -> Login:
        """Return an account with its password."""
        return Login(address, f"correct horse {address.partition('@')[0]}", True, ())

    def send(self, sender: str, recipient: str, body: str = "") -> tuple[str, str]:
        """Submit a message; return the token in its Subject, and the server's answer."""
        token = secrets.token_hex(8)
        # OpenDKIM judges no message without a date.
        extra = f"Message-ID: <{token}@test>\r\nDate: {formatdate()}\r\n"
        data = message(sender, recipient, token, extra)
        data = data.removesuffix(b".\r\n") + body.encode() + b".\r\n"
        with open_session(self.target(sender), 465, self.login(sender)) as session:
            return token, submit(session, sender, recipient, data)

    def transfer(
        self,
        recipient: str,
        body: str = "",
        author: str = "somebody@client.test",
        headers: str = "",
    ) -> tuple[str, str]:
        """Hand a message to the recipient's server on port 25, as a stranger does."""
        token, sender = secrets.token_hex(8), "somebody@client.test"
        # With all that mail has: what is left out counts as a mark of spam.
        proper = f"Message-ID: <{token}@client.test>\r\nDate: {formatdate()}\r\n"
        data = message(author, recipient, token, proper + headers)
        with Smtp(self.target(recipient), 25) as session:
            session.hello("client.test")
            return token, submit(session, sender, recipient, data.removesuffix(b".\r\n")
                                 + body.encode() + b".\r\n")  # fmt: skip

    def mailbox(self, address: str) -> Imap:
        """Return a session in the account's mailboxes."""
        session = Imap(self.target(address), 993)
        session.login(f'"{address}"', self.login(address).password)
        return session

    def arrived(self, address: str, token: str) -> bytes | None:
        """Return the message once it is in the account's INBOX, or None after a minute."""
        return read_imap(self.target(address), 993, self.login(address), token, ARRIVAL)

    def count(self, address: str, token: str) -> int:
        """Return how many messages with the token are in the account's INBOX now."""
        return count_imap(self.target(address), 993, self.login(address), token)


def waiting(host: str, sender: str) -> str:
    """Return why mail of a sender waits on a host, once Postfix has tried."""
    with awaited(ARRIVAL) as again:
        while again():
            for line in on(host, "postqueue", "-j").splitlines():
                queued = json.loads(line)
                reasons = [each.get("delay_reason", "") for each in queued["recipients"]]
                if queued["sender"] == sender and any(reasons):
                    return " ".join(reasons)
    pytest.fail(f"no mail of {sender} waits on {host}")
