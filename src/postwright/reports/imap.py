"""Reports in a mailbox, read over IMAP so that nothing in it changes."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from postwright.probe.wire import TIMEOUT, tls_context

from .errors import ReportError, printable
from .sources import MAX_INPUT, Item, too_large

PORT = 993
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class Mailbox:
    """A folder of an account.

    Attributes:
        host: the server's full name, which its certificate has to have.
        address: the account's login.
        folder: the folder's name, in ASCII.
    """

    host: str
    address: str
    folder: str

    def __str__(self) -> str:
        """Return how errors name it."""
        return f"{self.folder} of {self.address} at {self.host}"


def items(mailbox: Mailbox, password: str, since: date | None) -> Iterator[Item | ReportError]:
    """Yield the folder's messages, those that came since a day.

    The folder is opened read-only (EXAMINE) and messages are fetched with BODY.PEEK, so none
    becomes seen (RFC 9051 6.3.3 and 6.4.5). TLS is implicit and the host's name verified.

    Raises:
        ReportError: no session, no login or no such folder.
    """
    with _session(mailbox) as imap:
        # SASL, since the LOGIN command takes ASCII alone (RFC 4616, RFC 9051 6.2.3).
        answer = f"\0{mailbox.address}\0{password}".encode()
        _login(imap, mailbox, answer)
        _done(imap.select(_quoted(mailbox.folder), readonly=True), mailbox)
        for uid in _uids(imap, since):
            name = f"message {uid} in {mailbox}"
            content = _content(imap, uid)
            if content is not None and len(content) > MAX_INPUT:
                yield too_large(name)
            elif content is not None:
                yield Item(name, content, mailbox=True)


@contextmanager
def _session(mailbox: Mailbox) -> Iterator[imaplib.IMAP4_SSL]:
    try:
        with imaplib.IMAP4_SSL(
            mailbox.host, PORT, ssl_context=tls_context(), timeout=TIMEOUT
        ) as imap:
            yield imap
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise ReportError(
            f"{mailbox} cannot be read: {printable(str(error))}",
            "see that the host's name is that in its certificate, and that port 993 is open to you",
        ) from None


def _login(imap: imaplib.IMAP4_SSL, mailbox: Mailbox, answer: bytes) -> None:
    try:
        imap.authenticate("PLAIN", lambda _: answer)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise ReportError(
            f"{mailbox.host} refuses the login of {mailbox.address}: {printable(str(error))}",
            "name the account (an alias has no login) and give its password",
        ) from None


def _done(answer: tuple[str, list[bytes | None]], mailbox: Mailbox) -> None:
    status, said = answer
    if status != "OK":
        text = printable(b" ".join(line for line in said if line).decode("utf-8", "replace"))
        raise ReportError(f"{mailbox} cannot be opened: {text}", "name another --folder")


def _uids(imap: imaplib.IMAP4_SSL, since: date | None) -> list[str]:
    words = ("SINCE", _imap_date(since)) if since else ("ALL",)
    _, found = imap.uid("SEARCH", *words)
    return found[0].decode("ascii").split() if found and found[0] else []


def _content(imap: imaplib.IMAP4_SSL, uid: str) -> bytes | None:
    """Return a message, or its beginning where it is too large; None where it went meanwhile."""
    _, parts = imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_INPUT + 1}>)")
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), None)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _imap_date(day: date) -> str:
    """Return the day as IMAP writes it, whatever the locale."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
