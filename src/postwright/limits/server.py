"""The daemon that Postfix asks before it takes a submission (role limits)."""

from __future__ import annotations

import json
import socketserver
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .ledger import Ledger, Limits, Offer


@dataclass(frozen=True)
class Settings:
    """What the inventory says: limits for all, and for single accounts; who is told."""

    hostname: str
    limits: Limits
    accounts: Mapping[str, Limits]

    def of(self, login: str) -> Limits:
        """Return an account's limits."""
        return self.accounts.get(login, self.limits)


def settings(text: str) -> Settings:
    """Read the settings, as role limits writes them."""
    found = json.loads(text)
    accounts = {login: Limits(**own) for login, own in found["accounts"].items()}
    return Settings(found["hostname"], Limits(**found["limits"]), accounts)


def request(lines: Iterable[bytes]) -> dict[str, str] | None:
    """Return the next request, `name=value` a line up to an empty one; None at the end.

    SMTPD_POLICY_README, "Protocol description".
    """
    found: dict[str, str] = {}
    for line in lines:
        text = line.rstrip(b"\n").decode("utf-8", "replace")
        if not text:
            return found
        name, _, value = text.partition("=")
        found[name] = value
    return None


def offer(asked: Mapping[str, str]) -> Offer:
    """Return what a request offers."""
    return Offer(
        login=asked.get("sasl_username", "").lower(),
        recipients=int(asked.get("recipient_count") or 0),
        queue_id=asked.get("queue_id", ""),
        origin=f"from {asked.get('client_name', '')} [{asked.get('client_address', '')}], "
        f"HELO {asked.get('helo_name', '')}, sender {asked.get('sender', '')}",
    )


class Handler(socketserver.StreamRequestHandler):
    """One connection of one smtpd(8) process."""

    def handle(self) -> None:
        """Answer each request."""
        assert isinstance(self.server, Server)
        while (asked := request(iter(self.rfile.readline, b""))) is not None:
            self.wfile.write(f"action={self.server.answer(asked)}\n\n".encode())


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers on a socket that Postfix's group alone may use."""

    daemon_threads = True
    # As many as there may be smtpd processes: who finds no place is told to come again.
    request_queue_size = 512

    def __init__(self, path: Path, ledger: Ledger, known: Settings, frozen: Path) -> None:
        self.ledger, self.known, self.frozen = ledger, known, frozen
        path.unlink(missing_ok=True)
        super().__init__(str(path), Handler)
        path.chmod(0o660)

    def answer(self, asked: Mapping[str, str]) -> str:
        """Return the action for one request."""
        offered = offer(asked)
        if not offered.login:
            return "DUNNO"
        limits = self.known.of(offered.login)
        verdict = self.ledger.offer(offered, limits, time.time())
        if verdict.frozen_for:
            print(f"{offered.login} is frozen: {verdict.frozen_for}", flush=True)
            # postwright-limits-freeze.path waits for it.
            self.frozen.touch()
        return verdict.action
