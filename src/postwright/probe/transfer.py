"""Port 25 from outside: mail for our own recipients, and nothing for anybody else."""

from __future__ import annotations

from functools import partial

from .recipients import foreign, not_taken, sender_at, session_at, unknown
from .result import Recorder
from .wire import Smtp, Target, greets, refused, tls_context

# How a second message is smuggled past a server that takes something else than
# <CR><LF>.<CR><LF> for the end of data (CVE-2023-51764).
SMUGGLING = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CRLF.CR": b"\r\n.\r",
}


def _smuggle(target: Target, port: int, recipient: str, end: bytes) -> tuple[bool, str]:
    """Send one message with a false end of data inside; ok where only one answer comes, or none."""
    with session_at(target, port) as session:
        # The null sender, which no policy of a domain holds for.
        session.command("MAIL FROM:<>")
        reply = session.command(f"RCPT TO:<{recipient}>")
        if not reply.startswith("250"):
            return False, f"the recipient was not taken: {reply}"
        session.command("DATA")
        session.send(
            b"Subject: smuggling probe\r\n\r\nfirst" + end + b"MAIL FROM:<>\r\n"
            b"RCPT TO:<"
            + recipient.encode()
            + b">\r\nDATA\r\nSubject: smuggled\r\n\r\nsecond\r\n.\r\n"
        )
        first = session.reply()
        if refused(first):
            return True, first
        try:
            session.socket.settimeout(3)
            second = session.reply()
        except TimeoutError:
            return True, f"one message: {first}"
        return second == "closed", f"{first} / {second}"


def _helo_of_ours(target: Target, port: int, recipient: str) -> tuple[bool, str]:
    """Offer mail in the host's own name; ok where that is what is refused."""
    with Smtp(target, port) as session:
        session.hello(target.hostname)
        session.command("MAIL FROM:<>")
        reply = session.command(f"RCPT TO:<{recipient}>")
        return refused(reply) and "5.7.1" in reply, reply


def _nobodys_sender(target: Target, port: int, recipient: str) -> tuple[bool, str]:
    """Offer mail from a domain that does not exist (RFC 6761); ok where that is refused."""
    with session_at(target, port) as session:
        session.command("MAIL FROM:<probe@probe.invalid>")
        reply = session.command(f"RCPT TO:<{recipient}>")
        return refused(reply) and "5.1.8" in reply, reply


def _auth(target: Target, port: int, tls: bool) -> tuple[bool, str]:
    with Smtp(target, port) as session:
        offers = session.upgrade() if tls and session.hello() else session.hello()
        reply = session.login("probe", "probe")
        offered = "AUTH" in offers.upper()
        return not offered and refused(reply), f"offered: {offered}; {reply}"


def _command(target: Target, port: int, command: str) -> tuple[bool, str]:
    with session_at(target, port) as session:
        reply = session.command(command)
        # 252 "cannot verify" discloses nothing (RFC 5321 section 7.3).
        return refused(reply) or reply.startswith("252"), reply


def _no_hello(target: Target, port: int) -> tuple[bool, str]:
    with Smtp(target, port) as session:
        reply = session.command(f"MAIL FROM:<{sender_at(target)}>")
        return refused(reply), reply


def _pipelining(target: Target, port: int, recipient: str) -> tuple[bool, str]:
    with Smtp(target, port) as session:
        session.command("HELO probe.invalid")
        session.send(
            f"MAIL FROM:<{sender_at(target)}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
            "Subject: pipelined\r\n\r\nbody\r\n.\r\nQUIT\r\n".encode()
        )
        replies = []
        while (reply := session.reply()) != "closed":
            replies.append(reply)
        taken = [reply for reply in replies if "queued" in reply]
        return not taken, " / ".join(replies)


def _oldest_tls(target: Target, port: int) -> tuple[bool, str]:
    with Smtp(target, port) as session:
        session.hello()
        try:
            offers = session.upgrade(tls_context(oldest=True))
        except OSError as error:
            return True, str(error)
        return False, _upgraded("TLS 1.1 or older was taken", offers)


def _verified_tls(target: Target, port: int) -> tuple[bool, str]:
    with Smtp(target, port) as session:
        session.hello()
        offers = session.upgrade()
        return offers.startswith("250"), _upgraded(f"{target.hostname} verified; {offers}", offers)


def _upgraded(seen: str, offers: str) -> str:
    """Return what was seen, or the reply where there was no session under TLS to see it in."""
    return seen if offers.startswith("250") else f"no session under TLS: {offers}"


def check_transfer(
    recorder: Recorder,
    target: Target,
    port: int,
    recipient: str,
    strict: bool,
    send_only: list[str],
    outsider: str,
    takes_old_tls: bool,
) -> None:
    """Check one address of one host on port 25.

    Args:
        recorder: takes the results.
        target: the address to try.
        port: the port for mail transfer.
        recipient: an address that this host serves.
        strict: whether its domain refuses unknown recipients, that is, has no catch-all.
        send_only: addresses of this host that do not receive.
        outsider: an address of another organisation, to relay to.
        takes_old_tls: whether the operator lets old senders in for now.
    """
    local, domain = recipient.split("@")
    check = partial(recorder.check, subject=f"{target} port {port}")
    if not check("greets", promise="greets", look=partial(greets, target, port)):
        return
    check(
        "starttls_verified",
        promise="offers STARTTLS with a certificate that is valid for its name",
        look=lambda: _verified_tls(target, port),
        source="RFC 3207, RFC 9325",
    )
    if not takes_old_tls:
        check(
            "old_tls_refused",
            promise="refuses TLS 1.1 and older",
            look=lambda: _oldest_tls(target, port),
            source="RFC 8996",
        )
    others = foreign(domain, outsider) | (unknown(recipient) if strict else {})
    for name, address in others.items():
        check(
            name,
            promise="refuses a recipient that is not its own at RCPT TO",
            look=partial(not_taken, target, port, address, sender_at(target)),
            source="RFC 5321 section 3.6.2",
        )
    for address in send_only:
        check(
            "send_only_recipient",
            promise=f"refuses mail for {address}, which only sends",
            look=partial(not_taken, target, port, address, sender_at(target)),
        )
    check(
        "relay_as_own_domain",
        promise="relays for nobody who only claims to be a local sender",
        look=lambda: not_taken(target, port, outsider, recipient),
    )
    check(
        "relay_null_sender",
        promise="relays nothing for the null sender",
        look=lambda: not_taken(target, port, outsider, ""),
    )
    check(
        "helo_of_ours",
        promise="refuses a stranger who says that he is this host",
        look=lambda: _helo_of_ours(target, port, recipient),
    )
    check(
        "sender_of_nobody",
        promise="refuses a sender whose domain does not exist",
        look=lambda: _nobodys_sender(target, port, recipient),
    )
    for tls in (False, True):
        check(
            f"auth_on_25{'_under_tls' if tls else '_in_clear'}",
            promise="neither offers nor takes AUTH",
            look=partial(_auth, target, port, tls),
            source="RFC 6409",
        )
    for name, end in SMUGGLING.items():
        check(
            f"smuggling_{name}",
            promise=f"does not take {name} for the end of data",
            look=partial(_smuggle, target, port, recipient, end),
            source="CVE-2023-51764, RFC 5321 section 2.3.8",
        )
    for command in (f"VRFY {recipient}", f"EXPN {local}"):
        check(
            f"{command[:4].lower()}_tells_nothing",
            promise=f"discloses nothing on {command[:4]}",
            look=partial(_command, target, port, command),
            source="RFC 5321 section 7.3",
        )
    check(
        "mail_without_hello",
        promise="wants HELO first",
        look=lambda: _no_hello(target, port),
    )
    check(
        "unauthorised_pipelining",
        promise="takes no message that is pipelined without leave",
        look=lambda: _pipelining(target, port, recipient),
        source="RFC 2920",
    )
