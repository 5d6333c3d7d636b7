"""Speaks SMTP on a lab host just as it is told to, and prints every reply as JSON.

Read from standard input: a list of dialogs, each with `address`, `port`, `name` (for TLS), `tls`
(`none`, `starttls` or `implicit`), `hello` (a whole command line, or empty), `login` (a user and a
password, or null), `steps`: what is sent, deflated and in base64, each answered by one reply, and
`source`: the address to come from, or empty. An `early` dialog says hello before it is greeted, and
again thereafter.
Standard library only.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Seconds that one reply may take: Dovecot keeps a wrong password waiting, and 40 MB are judged.
PATIENCE = 90.0
SILENCE = "silence"


class Session:
    """One connection; replies are read as they come, multi-line ones joined by ` | `."""

    def __init__(self, dialog: dict[str, Any]) -> None:
        self.name = dialog["name"]
        self.socket: socket.socket = socket.create_connection(
            (dialog["address"], dialog["port"]), PATIENCE, (dialog["source"], 0)
        )
        self.buffer = b""
        if dialog["tls"] == "implicit":
            self.start_tls()

    def start_tls(self) -> None:
        """Begin TLS, verifying the host's name."""
        context = ssl.create_default_context()
        self.socket = context.wrap_socket(self.socket, server_hostname=self.name)

    def reply(self) -> str:
        """Return one reply; `closed` where the server hung up."""
        lines: list[str] = []
        while True:
            while b"\n" not in self.buffer:
                try:
                    more = self.socket.recv(4096)
                except (ConnectionResetError, ssl.SSLError):
                    more = b""
                if not more:
                    return " | ".join(lines) or "closed"
                self.buffer += more
            line, self.buffer = self.buffer.split(b"\n", 1)
            lines.append(line.rstrip(b"\r").decode("latin-1"))
            if lines[-1][3:4] != "-":
                return " | ".join(lines)

    def say(self, data: bytes) -> str:
        """Send bytes and return the reply."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return self.reply()
        return self.reply()

    def afterthought(self) -> str:
        """Return what came unasked, or that nothing did: then the next reply is QUIT's."""
        reply = self.say(b"QUIT\r\n")
        return SILENCE if reply.startswith("221") else reply


def login(session: Session, user: str, password: str) -> str:
    """AUTH PLAIN (RFC 4616); return the reply."""
    token = base64.b64encode(f"\0{user}\0{password}".encode())
    return session.say(b"AUTH PLAIN " + token + b"\r\n")


def held(dialog: dict[str, Any]) -> list[str]:
    """Hold one dialog; return the greeting and every reply, and what came unasked at the end."""
    session = Session(dialog)
    with session.socket:
        hello = dialog["hello"].encode()
        if dialog["early"]:
            # Whoever notices throws it away.
            session.socket.sendall(hello + b"\r\n")
        replies = [session.reply()]
        if hello:
            replies.append(session.say(hello + b"\r\n"))
        if dialog["tls"] == "starttls":
            replies.append(session.say(b"STARTTLS\r\n"))
            session.start_tls()
            replies.append(session.say(hello + b"\r\n"))
        if dialog["login"]:
            replies.append(login(session, *dialog["login"]))
            if not replies[-1].startswith("235"):
                return [*replies, SILENCE]
        for step in dialog["steps"]:
            if replies[-1] == "closed":
                break
            replies.append(session.say(zlib.decompress(base64.b64decode(step))))
        return [*replies, session.afterthought()]


def safe(dialog: dict[str, Any]) -> list[str]:
    """Hold one dialog; a failure of the connection itself is its last reply."""
    try:
        return held(dialog)
    except OSError as error:
        return [f"{type(error).__name__}: {error}"]


def main() -> None:
    """Hold all dialogs, a few at a time, and print their replies."""
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        json.dump(list(pool.map(safe, json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
