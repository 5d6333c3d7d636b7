"""Submitting as an account until it is stopped, and letting it start afresh."""

from __future__ import annotations

from typing import Any

from abuse_cases import NAMES, Case, decisive, message
from abuse_sending import held
from labkit import on
from labmail import Post
from postwright.probe.mailbox import count_imap, read_imap
from postwright.probe.result import awaited

PER_MINUTE, PER_DAY = 60, 500
FROZEN = "550 5.7.1"
_SUBMITS = Case("submits", "250", message("{own}", "{other}"), 465, "implicit", "{own}")


def fresh(host: str, login: str) -> None:
    """Have an account submit again, its counts anew."""
    on(host, "postwright-limits", "freeze", login)
    on(host, "postwright-limits", "release", "--delete-held", login)


def submitted(facts: dict[str, Any], host: str, login: str, times: int = 1) -> list[str]:
    """Submit messages from the client; return the decisive reply to each."""
    names = {**NAMES[host], "own": login}
    dialog = _SUBMITS.dialog(names, facts["hosts"][host]["ipv4"])
    return [decisive(replies) for replies in held("client", [dialog] * times, 20)]


class Alerts:
    """What a host's postmaster, whom `reader` reads, is told of an account from now on."""

    def __init__(self, facts: dict[str, Any], reader: str, account: str) -> None:
        post = Post(facts)
        self.target, self.login = post.target(reader), post.login(reader)
        self.subject = f"{account} is frozen"
        self.before = count_imap(self.target, 993, self.login, self.subject)

    def one(self) -> str:
        """Return the one alert that came, once it has come."""
        with awaited(180) as again:
            while again() and self.count() == self.before:
                pass
        found = read_imap(self.target, 993, self.login, self.subject, 1)
        assert found is not None
        assert self.count() == self.before + 1
        return found.decode()

    def count(self) -> int:
        """Return how many there are by now."""
        return count_imap(self.target, 993, self.login, self.subject)
