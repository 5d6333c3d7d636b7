"""What one line of the matrix of abuse is, and how it becomes a dialog."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abuse_dialog import SILENCE

NAMES: dict[str, dict[str, str]] = {
    "mx1": {
        "host": "mx1.alpha.test",
        "domain": "alpha.test",
        "user": "jiro",
        "own": "jiro@alpha.test",
        "other": "taro@alpha.test",
        "theirs": "info@alpha.test",
        "ours": "saburo@gamma.test",
        "outsider": "friend@peer.test",
        "sender": "somebody@client.test",
    },
    "mx2": {
        "host": "mx2.gamma.test",
        "domain": "gamma.test",
        "user": "shiro",
        "own": "shiro@gamma.test",
        "other": "saburo@gamma.test",
        "theirs": "abuse@gamma.test",
        "ours": "taro@alpha.test",
        "outsider": "friend@peer.test",
        "sender": "somebody@client.test",
    },
}
"""What the words in braces stand for on each host.

`own` logs in and owns nothing else; `other` is another account of the host, `theirs` an alias of
that one; `ours` is an account of another of our hosts; nobody here answers for `outsider`.
"""


@dataclass(frozen=True)
class Case:
    """One attempt, or one message that must be taken.

    Attributes:
        name: what is tried, as a test's id.
        reply: what the decisive reply must match (re.match).
        steps: what is sent, each step answered by one reply; words in braces stand for NAMES.
        port: 25, or 465 with implicit TLS.
        tls: `starttls`, `implicit` or `none`.
        login: the address that logs in (a word in braces), where one does.
        phrase: what it gives for its password; without one, the right one.
        hello: the whole command that opens the session; empty for none.
        early: whether the session is opened before the greeting.
    """

    name: str
    reply: str
    steps: tuple[bytes | str, ...]
    port: int = 25
    tls: str = "starttls"
    login: str | None = None
    phrase: str | None = None
    hello: str = "EHLO client.test"
    early: bool = False

    def dialog(self, names: Mapping[str, str], address: str, source: str = "") -> dict[str, Any]:
        """Return the dialog for one address of one host, with `names` for the words in braces.

        Args:
            names: a value for each word in braces.
            address: whom to connect to.
            source: the address to connect from; without one, the lab host's own.
        """
        literal = f"IPv6:{address}" if ":" in address else address
        names = {**names, "address": address, "literal": literal}
        user = filled(self.login, names) if self.login else None
        password = f"correct horse {user.partition('@')[0]}" if user else ""
        return {
            "address": address,
            "source": source,
            "port": self.port,
            "early": self.early,
            "name": names["host"],
            "tls": self.tls,
            "hello": filled(self.hello, names),
            "login": [user, password if self.phrase is None else self.phrase] if user else None,
            "steps": [packed(step, names) for step in self.steps],
        }


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a text with a value for each word in braces; other braces stay."""
    for word, value in names.items():
        text = text.replace(f"{{{word}}}", value)
    return text


def packed(step: bytes | str, names: Mapping[str, str]) -> str:
    """Return what travels to the lab host for a step; text is sent in UTF-8, bytes as they are."""
    if isinstance(step, str):
        step = filled(step, names).encode()
    else:
        for word, value in names.items():
            step = step.replace(b"{%b}" % word.encode(), value.encode())
    return base64.b64encode(zlib.compress(step)).decode()


def decisive(replies: list[str]) -> str:
    """Return the first refusal, or the last reply; with it, a reply that nobody asked for."""
    *answers, rest = replies
    for reply in answers:
        if reply.startswith(("4", "5")) or reply == "closed":
            return reply
    if not answers:
        # The connection failed, or nothing came any more.
        return rest
    return answers[-1] if rest in (SILENCE, "closed") else f"{answers[-1]} / {rest}"


def mail(sender: str, recipient: str) -> tuple[str, str]:
    """Return the envelope of a message."""
    return f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n"


def message(
    sender: str, recipient: str, header: str = "", author: str | None = None
) -> tuple[str, ...]:
    """Return the steps of a whole message; `author` is its header From line where that differs."""
    first = f"From: <{sender}>\r\n" if author is None else author
    return (
        *mail(sender, recipient),
        "DATA\r\n",
        f"{first}To: <{recipient}>\r\nSubject: abuse matrix\r\n{header}\r\nbody\r\n.\r\n",
    )
