"""Connections at the level where abuse happens: lines and bytes, not library calls."""

from __future__ import annotations

import base64
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TIMEOUT = 20.0
"""Seconds that one answer may take."""

FAMILIES = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6}


@dataclass(frozen=True)
class Target:
    """One address of one mail host."""

    hostname: str
    address: str
    family: str

    def __str__(self) -> str:
        """Return how reports name this target."""
        return f"{self.hostname} {self.family}"


def has_route(target: Target) -> bool:
    """Tell whether this host could send to a target at all; nothing is sent."""
    with socket.socket(FAMILIES[target.family], socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target.address, 9))
        except OSError:
            return False
    return True


def tls_context(oldest: bool = False) -> ssl.SSLContext:
    """Return a client context that verifies names; `oldest` offers nothing newer than TLS 1.1."""
    context = ssl.create_default_context()
    if oldest:
        # A lower security level, or OpenSSL itself would refuse before the server can.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


class Line:
    """A connection that speaks in lines, in clear or under TLS."""

    def __init__(
        self, target: Target, port: int, implicit_tls: bool = False, patience: float = TIMEOUT
    ) -> None:
        """Connect within `patience` seconds; the greeting is not read yet."""
        self.target = target
        self.socket: socket.socket = socket.socket(FAMILIES[target.family], socket.SOCK_STREAM)
        self.buffer = b""
        try:
            self.socket.settimeout(patience)
            self.socket.connect((target.address, port))
            self.socket.settimeout(TIMEOUT)
            if implicit_tls:
                self.start_tls()
        except OSError:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        """Return the connection itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, whatever happened."""
        self.socket.close()

    def start_tls(self, context: ssl.SSLContext | None = None) -> None:
        """Begin TLS now, verifying the host's name."""
        context = context or tls_context()
        self.socket = context.wrap_socket(self.socket, server_hostname=self.target.hostname)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def readline(self) -> str:
        """Return the next line without its end; an empty string where the peer has closed."""
        while b"\n" not in self.buffer:
            try:
                more = self.socket.recv(4096)
            except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                more = b""
            if not more:
                rest, self.buffer = self.buffer, b""
                return rest.decode("latin-1")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def closed(self) -> bool:
        """Tell whether the peer has closed the connection."""
        return self.readline() == ""


class Smtp(Line):
    """An SMTP client that lets us say wrong things (RFC 5321)."""

    def __init__(self, target: Target, port: int, implicit_tls: bool = False) -> None:
        """Connect and read the greeting."""
        super().__init__(target, port, implicit_tls)
        try:
            self.greeting = self.reply()
        except OSError:
            self.socket.close()
            raise

    def reply(self) -> str:
        """Return one reply, its lines joined by ` | `; `closed` where the peer hung up."""
        lines: list[str] = []
        while True:
            line = self.readline()
            if not line:
                return " | ".join(lines) or "closed"
            lines.append(line)
            if line[3:4] != "-":
                return " | ".join(lines)

    def command(self, text: str) -> str:
        """Send one command and return the reply."""
        try:
            self.send(text.encode("utf-8") + b"\r\n")
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return "closed"
        return self.reply()

    def hello(self, name: str = "probe.invalid") -> str:
        """Say EHLO and return what is offered. RFC 6761 keeps `invalid` for uses like this."""
        return self.command(f"EHLO {name}")

    def upgrade(self, context: ssl.SSLContext | None = None) -> str:
        """STARTTLS and a second EHLO; return what is offered now."""
        reply = self.command("STARTTLS")
        if not reply.startswith("220"):
            return reply
        self.start_tls(context)
        return self.hello()

    def login(self, user: str, password: str) -> str:
        """AUTH PLAIN (RFC 4616); return the reply."""
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {token}")


def greets(target: Target, port: int, implicit_tls: bool = False) -> tuple[bool, str]:
    """Tell whether an SMTP server says 220; without that, no other question is worth its time."""
    with Smtp(target, port, implicit_tls) as session:
        return session.greeting.startswith("220"), session.greeting


def refused(reply: str) -> bool:
    """Tell whether an SMTP reply is a permanent refusal (or the peer hung up on us)."""
    return reply.startswith("5") or reply == "closed"


def port_closed(target: Target, port: int) -> tuple[bool, str]:
    """Tell whether a port takes no connection."""
    try:
        # A firewall that drops gives no answer; a SYN is sent again after one second.
        with Line(target, port, patience=2.5):
            return False, f"port {port} took a connection"
    except OSError as error:
        return True, f"port {port}: {error}"
