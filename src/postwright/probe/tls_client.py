"""What only a whole handshake shows: trust, early data, and a renegotiation.

Python's ssl can neither renegotiate nor tell what a session ticket allows; openssl(1), which every
Debian host has with its CA certificates, can.
"""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Callable
from enum import StrEnum

from .mailbox import sieve_reply
from .wire import Line, Smtp, Target, tls_context

_NAME_MISMATCH = 62  # X509_V_ERR_HOSTNAME_MISMATCH in openssl/x509_vfy.h
_BYE = {"smtp": "QUIT", "pop3": "QUIT", "imap": "a LOGOUT", "sieve": "LOGOUT"}
PATIENCE = 5.0
"""Seconds that openssl(1) may take; it has said what we ask for long before."""


class Opening(StrEnum):
    """How TLS begins on a port."""

    IMPLICIT = "implicit"
    SMTP = "smtp"
    SIEVE = "sieve"


class NoStartTlsError(Exception):
    """The server does not offer STARTTLS, or refuses it."""


def opened(target: Target, port: int, opening: Opening) -> Line:
    """Return a connection on which a ClientHello is what comes next.

    Raises:
        NoStartTlsError: TLS cannot be begun.
        OSError: the port takes no connection.
    """
    if opening is Opening.IMPLICIT:
        return Line(target, port)
    line = Smtp(target, port) if opening is Opening.SMTP else Line(target, port)
    try:
        reply = _start_smtp(line) if isinstance(line, Smtp) else _start_sieve(line)
    except BaseException:
        line.socket.close()
        raise
    if not reply.startswith(("220", "OK")):
        line.socket.close()
        raise NoStartTlsError(reply)
    return line


def _start_smtp(line: Smtp) -> str:
    offers = line.hello()
    if "STARTTLS" not in offers.upper():
        return f"no STARTTLS among what is offered: {offers}"
    return line.command("STARTTLS")


def _start_sieve(line: Line) -> str:
    sieve_reply(line)
    line.send(b"STARTTLS\r\n")
    return sieve_reply(line)[-1]


def verify(open_line: Callable[[], Line]) -> tuple[str, str]:
    """Return why the chain is not trusted, and why the name does not match; empty where they do."""
    wrong = _verified(open_line, tls_context())
    if wrong is None:
        return "", ""
    if wrong.verify_code != _NAME_MISMATCH:
        return wrong.verify_message, "not looked at: the chain is not trusted"
    nameless = tls_context()
    nameless.check_hostname = False
    untrusted = _verified(open_line, nameless)
    return untrusted.verify_message if untrusted else "", wrong.verify_message


def _verified(
    open_line: Callable[[], Line], context: ssl.SSLContext
) -> ssl.SSLCertVerificationError | None:
    with open_line() as line:
        try:
            line.start_tls(context)
        except ssl.SSLCertVerificationError as error:
            return error
    return None


def early_data(target: Target, port: int, opening: Opening, protocol: str) -> int:
    """Return how many octets a session ticket lets a client send early (RFC 8446 4.6.1)."""
    # -ign_eof: wait for what the server says, tickets among it, until it closes.
    said = _openssl(target, port, opening, f"{_BYE[protocol]}\n", "-tls1_3", "-ign_eof", "-crlf")
    return max((int(octets) for octets in re.findall(r"Max Early Data: (\d+)", said)), default=0)


def renegotiates(target: Target, port: int, opening: Opening) -> bool:
    """Tell whether a client may begin a renegotiation (TLS 1.2; RFC 5246 7.4.1.1)."""
    said = _openssl(target, port, opening, "R\n", "-tls1_2")
    # One that is refused ends the session with an error.
    return "RENEGOTIATING" in said and ":error:" not in said


def _openssl(target: Target, port: int, opening: Opening, said: str, *options: str) -> str:
    """Return what openssl-s_client(1) prints within PATIENCE, errors among it."""
    host = f"[{target.address}]" if target.family == "IPv6" else target.address
    start = [] if opening is Opening.IMPLICIT else ["-starttls", opening.value]
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", *start, *options,
               "-servername", target.hostname]  # fmt: skip
    try:
        printed = subprocess.run(
            command, input=said.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE, check=False,
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired as late:  # a server that does not close when told good-bye
        printed = late.stdout or b""
    return printed.decode("latin-1")
