"""A message's whole way, each leg on its own: out to another organisation, and back."""

from __future__ import annotations

import email
import re
import secrets
from dataclasses import dataclass
from email.message import Message

from .mailbox import count_imap, read_imap, read_pop3
from .result import Recorder
from .submission import Login, message, open_session, submit
from .wire import Target

ARRIVAL = 60.0
"""Seconds within which a message must be in the other's INBOX, where nobody says otherwise."""


@dataclass(frozen=True)
class End:
    """One end of a journey: an account and where its server answers.

    Attributes:
        login: the account.
        submission: where mail is submitted.
        access: where mail is read.
        submissions: the port for submission over implicit TLS.
        imaps: the port for IMAP over implicit TLS.
        pop3s: the port for POP3 over implicit TLS; None where there is none.
    """

    login: Login
    submission: Target
    access: Target
    submissions: int
    imaps: int
    pop3s: int | None


def verdicts(text: bytes) -> list[str]:
    """Return the `method=result ...` parts of the topmost Authentication-Results (RFC 8601)."""
    parsed: Message = email.message_from_bytes(text)
    found = parsed.get_all("Authentication-Results") or []
    flat = re.sub(r"\s+", " ", str(found[0])) if found else ""
    return [part.strip() for part in flat.split(";")[1:]]


def signatures(text: bytes) -> list[str]:
    """Return the algorithm of each DKIM signature (RFC 6376 section 3.5)."""
    parsed: Message = email.message_from_bytes(text)
    return [
        match.group(1)
        for header in parsed.get_all("DKIM-Signature") or []
        if (match := re.search(r"\ba=([a-z0-9-]+)", str(header)))
    ]


def _send(origin: End, recipient: str) -> tuple[str, str]:
    token = secrets.token_hex(8)
    with open_session(origin.submission, origin.submissions, origin.login) as session:
        extra = f"Message-ID: <{token}@{origin.submission.hostname}>\r\n"
        subject = f"journey {token}"
        sender = origin.login.address
        reply = submit(session, sender, recipient, message(sender, recipient, subject, extra))
    return token, reply


def travel(
    recorder: Recorder,
    origin: End,
    recipient: str,
    destination: End,
    judged: bool,
    patience: float = ARRIVAL,
) -> bytes | None:
    """Send a message and find it; each leg is one check.

    Args:
        recorder: takes the results.
        origin: who sends.
        recipient: the address written to; it may be an alias.
        destination: whose mailbox it must reach.
        judged: whether the destination is another organisation that states what it thinks of
            SPF, DKIM and DMARC in Authentication-Results.
        patience: seconds within which it must have arrived.

    Returns:
        The message as it lies in the mailbox, or None where it never came.
    """
    way = f"{origin.login.address} to {recipient}"
    state: dict[str, str] = {}

    def submitted() -> tuple[bool, str]:
        state["token"], reply = _send(origin, recipient)
        return reply.startswith("250"), reply

    leg = recorder.check("submitted", way, "the sender's server takes the message", submitted)
    if not leg:
        return None
    token = state["token"]
    mailbox: list[bytes] = []

    def arrived() -> tuple[bool, str]:
        text = read_imap(destination.access, destination.imaps, destination.login, token, patience)
        if text is None:
            return False, f"not in INBOX after {patience:.0f} s"
        mailbox.append(text)
        copies = count_imap(destination.access, destination.imaps, destination.login, token)
        return copies == 1, f"{copies} in INBOX, read over port {destination.imaps}"

    recorder.check("arrived", way, "the message is in the recipient's INBOX, once", arrived)
    if not mailbox:
        return None
    text = mailbox[0]
    if destination.pop3s is not None:
        pop3s = destination.pop3s

        def same_over_pop3() -> tuple[bool, str]:
            other = read_pop3(destination.access, pop3s, destination.login, token)
            return other == text, "the same bytes" if other == text else "other bytes, or none"

        recorder.check("read_over_pop3", way, "POP3 shows the same message", same_over_pop3)
    if judged:
        _judge(recorder, way, text)
    return text


def _judge(recorder: Recorder, way: str, text: bytes) -> None:
    said = verdicts(text)
    signed = signatures(text)
    recorder.check(
        "signed_twice",
        way,
        "the message carries an RSA and an Ed25519 signature",
        lambda: ({"rsa-sha256", "ed25519-sha256"} <= set(signed), ", ".join(signed) or "none"),
        "RFC 6376, RFC 8463",
    )

    def passes(method: str, needle: str = "") -> tuple[bool, str]:
        mine = [part for part in said if part.startswith(f"{method}=") and needle in part]
        return bool(mine) and all(part.startswith(f"{method}=pass") for part in mine), (
            " | ".join(mine) or f"the other side says nothing of {method} {needle}"
        )

    for check, method, needle, source in (
        ("spf_passes", "spf", "", "RFC 7208"),
        ("dkim_rsa_passes", "dkim", "rsa-sha256", "RFC 6376"),
        ("dkim_ed25519_passes", "dkim", "ed25519-sha256", "RFC 8463"),
        ("dmarc_passes", "dmarc", "", "RFC 7489"),
    ):
        recorder.check(
            check,
            way,
            f"the other organisation's checker says {method}=pass {needle}".rstrip(),
            lambda method=method, needle=needle: passes(method, needle),  # type: ignore[misc]
            source,
        )
