"""The daemon that Postfix asks before it takes a submission, and its command (role limits)."""

from __future__ import annotations

import argparse
import json
import os
import smtplib
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from .ledger import Ledger, Limits

SOCKET = Path("/run/postwright-limits/socket")
STATE = Path("/var/lib/postwright-limits/ledger.sqlite")
SETTINGS = Path("/etc/postwright/limits.json")


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
    general = found["limits"]
    accounts = {login: Limits(**{**general, **own}) for login, own in found["accounts"].items()}
    return Settings(found["hostname"], Limits(**general), accounts)


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


def alert(hostname: str, asked: Mapping[str, str], why: str) -> EmailMessage:
    """Return what the postmaster is told when an account is frozen."""
    login = asked["sasl_username"]
    told = EmailMessage()
    told["From"] = f"Postwright <mailer-daemon@{hostname}>"
    told["To"] = f"postmaster@{hostname}"
    told["Subject"] = f"{login} is frozen: it submitted too much mail"
    told["Date"] = formatdate()
    told["Message-ID"] = make_msgid(domain=hostname)
    told["Auto-Submitted"] = "auto-generated"
    told.set_content(
        f"{login} offered {why}, which is over its limit, and submits nothing more.\n"
        f"The last was from {asked.get('client_name', '')} [{asked.get('client_address', '')}], "
        f"HELO {asked.get('helo_name', '')}, sender {asked.get('sender', '')}.\n\n"
        "If the password was stolen, change it, then look at what waits and decide:\n\n"
        f"    postwright-limits freeze {login}     hold its queued mail, end its sessions\n"
        f"    postwright-limits release {login}    let it submit again\n"
    )
    return told


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
    request_queue_size = 128

    def __init__(self, path: Path, ledger: Ledger, known: Settings) -> None:
        self.ledger, self.known = ledger, known
        path.unlink(missing_ok=True)
        super().__init__(str(path), Handler)
        path.chmod(0o660)

    def answer(self, asked: Mapping[str, str]) -> str:
        """Return the action for one request."""
        login = asked.get("sasl_username", "").lower()
        if not login:
            return "DUNNO"
        recipients = int(asked.get("recipient_count") or 0)
        verdict = self.ledger.offer(login, recipients, self.known.of(login), time.time())
        if verdict.frozen_for:
            print(f"{login} is frozen: {verdict.frozen_for}", flush=True)
            told = alert(self.known.hostname, asked, verdict.frozen_for)
            threading.Thread(target=_send, args=(told,), daemon=True).start()
        return verdict.action


def _send(told: EmailMessage) -> None:
    try:
        with smtplib.SMTP("127.0.0.1", timeout=60) as session:
            session.send_message(told, from_addr="")
    except (OSError, smtplib.SMTPException) as error:
        print(f"the postmaster was not told: {error}", flush=True)


def queued(login: str) -> list[str]:
    """Return the ids of all queued messages that an account submitted."""
    listed = subprocess.run(["postqueue", "-j"], check=True, capture_output=True, text=True)
    ids = [json.loads(line)["queue_id"] for line in listed.stdout.splitlines()]
    mark = f"named_attribute: sasl_username={login}".lower()
    found = []
    for each in ids:
        # A message may be delivered meanwhile.
        seen = subprocess.run(["postcat", "-eq", each], check=False, capture_output=True)
        if mark in seen.stdout.decode("utf-8", "replace").lower().splitlines():
            found.append(each)
    return found


def _each(action: str, ids: list[str]) -> None:
    subprocess.run(["postsuper", action, "-"], input="\n".join(ids), text=True, check=True)


def freeze(ledger: Ledger, login: str) -> None:
    """Let an account submit nothing, hold its queued mail and end its sessions."""
    ledger.freeze(login, "by the operator", time.time())
    held = queued(login)
    if held:
        _each("-h", held)
    subprocess.run(["doveadm", "kick", login], check=False, capture_output=True)
    print(f"{login} is frozen; {len(held)} queued messages are held", *held, sep="\n  ")


def release(ledger: Ledger, login: str, delete_held: bool) -> int:
    """Let an account submit again; what was held leaves, or is deleted. Return the exit status."""
    if not ledger.release(login):
        print(f"{login} is not frozen: see `postwright-limits frozen`", file=sys.stderr)
        return 1
    held = queued(login)
    if held:
        _each("-d" if delete_held else "-H", held)
    fate = "deleted" if delete_held else "on their way"
    print(f"{login} submits again; {len(held)} held messages are {fate}", *held, sep="\n  ")
    return 0


def main() -> int:
    """Run the daemon or the command."""
    parser = argparse.ArgumentParser(
        prog="postwright-limits", description="Says who may submit how much, and who nothing."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="answer Postfix (systemd runs this)")
    verbs.add_parser("frozen", help="who is frozen, since when and why")
    verbs.add_parser("freeze", help="let an account submit nothing").add_argument("address")
    releasing = verbs.add_parser("release", help="let an account submit again")
    releasing.add_argument("address")
    releasing.add_argument("--delete-held", action="store_true", help="delete its held mail")
    options = parser.parse_args()
    ledger = Ledger(STATE)
    match options.verb:
        case "serve":
            known = settings(SETTINGS.read_text(encoding="utf-8"))
            with Server(SOCKET, ledger, known) as server:
                server.serve_forever()
        case "frozen":
            for login, since, why in ledger.frozen():
                print(f"{login}  {time.strftime('%F %T', time.localtime(since))}  {why}")
        case "freeze":
            freeze(ledger, options.address.lower())
        case "release":
            return release(ledger, options.address.lower(), options.delete_held)
    return os.EX_OK
