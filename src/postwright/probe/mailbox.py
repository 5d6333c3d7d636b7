"""IMAP, POP3 and ManageSieve from outside, and how a message is found in a mailbox."""

from __future__ import annotations

import base64
import imaplib
import poplib
from functools import partial

from .result import Recorder, awaited
from .submission import Login
from .wire import TIMEOUT, Line, Target, port_closed, tls_context

# A user that nobody is (RFC 6761): role bans does not count it, or a host that is verified often
# would ban who verifies. That a real account's wrong password is refused, submission shows.
GUESSER = "guesser@probe.invalid"


class Imap(imaplib.IMAP4_SSL):
    """imaplib that connects to an address and verifies the host's name."""

    def __init__(self, target: Target, port: int) -> None:
        self.target = target
        super().__init__(target.address, port, ssl_context=tls_context(), timeout=TIMEOUT)

    def _create_socket(self, timeout: float | None) -> object:
        line = Line(self.target, self.port, implicit_tls=True)
        return line.socket

    def __exit__(self, *error: object) -> None:
        """Log out, and close the connection where the server has hung up, too."""
        try:
            super().__exit__(*error)  # type: ignore[arg-type]
        finally:
            self.file.close()
            self.sock.close()


class _Pop3(poplib.POP3):
    """poplib that connects to an address and verifies the host's name."""

    def __init__(self, target: Target, port: int) -> None:
        self.target = target
        super().__init__(target.address, port, timeout=TIMEOUT)

    def _create_socket(self, timeout: float | None) -> object:
        return Line(self.target, self.port, implicit_tls=True).socket


def read_imap(target: Target, port: int, login: Login, token: str, wait: float) -> bytes | None:
    """Return the message in INBOX whose Subject has the token, waiting for it; None if none came.

    Raises:
        imaplib.IMAP4.error: the login was refused.
    """
    with Imap(target, port) as imap, awaited(wait) as again:
        imap.login(f'"{login.address}"', login.password)
        while again():
            imap.select("INBOX")
            _, found = imap.uid("SEARCH", "HEADER", "Subject", f'"{token}"')
            if found and found[0]:
                uid = found[0].split()[-1].decode()
                _, parts = imap.uid("FETCH", uid, "(BODY.PEEK[])")
                # Other sessions' flag changes stand among the answers (RFC 3501 7.4.2).
                return next(bytes(part[1]) for part in parts if isinstance(part, tuple))
    return None


def read_pop3(target: Target, port: int, login: Login, token: str) -> bytes | None:
    """Return the newest message whose Subject has the token; None where there is none.

    Raises:
        poplib.error_proto: the login was refused.
    """
    pop = _Pop3(target, port)
    try:
        pop.user(login.address)
        pop.pass_(login.password)
        count, _ = pop.stat()
        for number in range(count, 0, -1):
            _, lines, _ = pop.retr(number)
            text = b"\r\n".join(lines) + b"\r\n"
            if token.encode() in text.split(b"\r\n\r\n", 1)[0]:
                return text
    finally:
        pop.quit()
    return None


def count_imap(target: Target, port: int, login: Login, token: str) -> int:
    """Return how many messages in INBOX have the token in their Subject."""
    with Imap(target, port) as imap:
        imap.login(f'"{login.address}"', login.password)
        imap.select("INBOX", readonly=True)
        _, found = imap.uid("SEARCH", "HEADER", "Subject", f'"{token}"')
        return len(found[0].split()) if found and found[0] else 0


def _imap_wrong_password(target: Target, port: int, login: Login) -> tuple[bool, str]:
    with Imap(target, port) as imap:
        try:
            imap.login(GUESSER, login.password + "x")
        except imaplib.IMAP4.error as error:
            return True, str(error)
        return False, "a wrong password was taken"


def _pop3_wrong_password(target: Target, port: int, login: Login) -> tuple[bool, str]:
    pop = _Pop3(target, port)
    try:
        pop.user(GUESSER)
        pop.pass_(login.password + "x")
    except poplib.error_proto as error:
        return True, str(error)
    finally:
        pop.close()
    return False, "a wrong password was taken"


def _imap_logs_in(target: Target, port: int, login: Login) -> tuple[bool, str]:
    with Imap(target, port) as imap:
        status, _ = imap.login(f'"{login.address}"', login.password)
        return status == "OK", f"LOGIN {status}"


def sieve_reply(line: Line) -> list[str]:
    """Return the lines of one ManageSieve reply (RFC 5804 1.2); the last says how it went."""
    lines = []
    while (text := line.readline()) and not text.startswith(("OK", "NO", "BYE")):
        lines.append(text)
    return [*lines, text]


def _sieve_in_clear(target: Target, port: int, login: Login) -> tuple[bool, str]:
    """ManageSieve offers and takes no login before STARTTLS (RFC 5804 section 2.2)."""
    with Line(target, port) as line:
        offers = [text for text in sieve_reply(line) if text.startswith('"SASL"')]
        token = base64.b64encode(f"\0{login.address}\0{login.password}".encode()).decode()
        line.send(f'AUTHENTICATE "PLAIN" "{token}"\r\n'.encode())
        reply = sieve_reply(line)[-1]
        return offers == ['"SASL" ""'] and not reply.startswith("OK"), f"{offers} {reply}"


def _sieve_logs_in(target: Target, port: int, login: Login) -> tuple[bool, str]:
    with Line(target, port) as line:
        sieve_reply(line)
        line.send(b"STARTTLS\r\n")
        sieve_reply(line)
        line.start_tls()
        sieve_reply(line)
        token = base64.b64encode(f"\0{login.address}\0{login.password}".encode()).decode()
        line.send(f'AUTHENTICATE "PLAIN" "{token}"\r\n'.encode())
        reply = sieve_reply(line)[-1]
        return reply.startswith("OK"), reply


def check_closed(recorder: Recorder, target: Target, ports: list[int]) -> None:
    """Ports for mail in clear take no connection (RFC 8314 section 3)."""
    for port in ports:
        recorder.check(
            f"port_{port}_closed",
            str(target),
            f"takes no connection on port {port}",
            partial(port_closed, target, port),
            "RFC 8314",
        )


def check_mailbox(
    recorder: Recorder, target: Target, imaps: int, pop3s: int, sieve: int, login: Login
) -> None:
    """Check the mailbox protocols of one address with one account."""
    for name, port, promise, look in (
        ("imap_logs_in", imaps, "lets an account in over implicit TLS", _imap_logs_in),
        ("imap_wrong_password", imaps, "refuses a wrong password", _imap_wrong_password),
        ("pop3_wrong_password", pop3s, "refuses a wrong password", _pop3_wrong_password),
        ("sieve_in_clear", sieve, "takes no login before STARTTLS", _sieve_in_clear),
        ("sieve_logs_in", sieve, "lets an account in after STARTTLS", _sieve_logs_in),
    ):
        recorder.check(
            name,
            f"{target} port {port} as {login.address}",
            promise,
            partial(look, target, port, login),
            "RFC 5804" if port == sieve else "RFC 8314",
        )
