"""Submission from outside: our accounts send as themselves, and nobody as anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .result import Recorder
from .wire import Line, Smtp, Target, greets, refused


@dataclass(frozen=True)
class Login:
    """An account that the probe may use.

    Attributes:
        address: the account's address, which is its login.
        password: its password.
        sends: whether the inventory lets it submit mail.
        others: addresses of other accounts on the same host, to pose as.
    """

    address: str
    password: str
    sends: bool
    others: tuple[str, ...]

    def __repr__(self) -> str:
        """Never show the password."""
        return f"Login({self.address})"


def message(sender: str, recipient: str, subject: str, extra: str = "") -> bytes:
    """Return a small message with the end of data."""
    return (
        f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\n{extra}\r\nprobe\r\n.\r\n"
    ).encode()


def disposition_notification(sender: str, recipient: str) -> bytes:
    """Return a disposition notification (RFC 8098) with the end of data."""
    return (
        f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: Read: probe\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nRead.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822;{sender}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed"
        "\r\n\r\n--b--\r\n.\r\n"
    ).encode()


def open_session(target: Target, port: int, login: Login) -> Smtp:
    """Connect over implicit TLS and log in.

    Raises:
        PermissionError: the login was refused.
    """
    session = Smtp(target, port, implicit_tls=True)
    try:
        session.hello()
        reply = session.login(login.address, login.password)
        if not reply.startswith("235"):
            raise PermissionError(f"login of {login.address}: {reply}")
    except OSError:  # PermissionError, too
        session.socket.close()
        raise
    return session


def submit(session: Smtp, sender: str, recipient: str, data: bytes) -> str:
    """Submit one message; return the first refusal, or the reply to the end of data."""
    for command, wanted in (
        (f"MAIL FROM:<{sender}>", "250"),
        (f"RCPT TO:<{recipient}>", "250"),
        ("DATA", "354"),
    ):
        reply = session.command(command)
        if not reply.startswith(wanted):
            return reply
    session.send(data)
    return session.reply()


def _without_auth(target: Target, port: int, sender: str) -> tuple[bool, str]:
    with Smtp(target, port, implicit_tls=True) as session:
        session.hello()
        reply = session.command(f"MAIL FROM:<{sender}>")
        if reply.startswith("250"):
            reply = session.command(f"RCPT TO:<{sender}>")
        return refused(reply), reply


def _wrong_password(target: Target, port: int, login: Login) -> tuple[bool, str]:
    with Smtp(target, port, implicit_tls=True) as session:
        session.hello()
        reply = session.login(login.address, login.password + "x")
        return reply.startswith("535"), reply


def _in_clear(target: Target, port: int) -> tuple[bool, str]:
    with Line(target, port) as line:
        line.send(b"EHLO probe.invalid\r\n")
        answer = line.readline()
        return not answer.startswith("2"), answer or "closed"


def _submits(target: Target, port: int, login: Login, sender: str, data: bytes) -> tuple[bool, str]:
    with open_session(target, port, login) as session:
        reply = submit(session, sender, login.address, data)
        return refused(reply), reply


def check_submission(
    recorder: Recorder, target: Target, port: int, login: Login, outsider: str
) -> None:
    """Check what one account may do on one address of its host.

    Args:
        recorder: takes the results.
        target: the address to try.
        port: the port for submission over implicit TLS.
        login: the account.
        outsider: an address of another organisation, to pose as.
    """
    own = login.address
    check = partial(recorder.check, subject=f"{target} port {port} as {own}", source="RFC 6409")
    refuses = partial(_submits, target, port, login)
    if not check("submission_greets", promise="greets", look=partial(greets, target, port, True)):
        return
    if not login.sends:
        check(
            "receive_only_cannot_send",
            promise="refuses mail from an account that only receives",
            look=lambda: refuses(own, message(own, own, "probe")),
        )
        check(
            "receive_only_null_sender",
            promise="refuses the null sender to an account that only receives",
            look=lambda: refuses("", disposition_notification(own, own)),
        )
        return
    check(
        "submission_without_auth",
        promise="takes nothing without AUTH",
        look=lambda: _without_auth(target, port, own),
    )
    check(
        "submission_in_clear",
        promise="speaks nothing but TLS",
        look=lambda: _in_clear(target, port),
        source="RFC 8314",
    )
    user, domain = own.split("@")
    poses = {f"pose_as_{other}": other for other in login.others}
    poses |= {
        "pose_as_outsider": outsider,
        "pose_as_unknown_local": f"no-such-user-here@{domain}",
        "pose_with_extension_of_another": f"no-such-user-here+{user}@{domain}",
    }
    for name, pose in poses.items():
        check(
            name,
            promise="refuses an envelope sender that is not the login's own",
            look=partial(refuses, pose, message(pose, own, "probe")),
        )
        check(
            name.replace("pose", "header_pose"),
            promise="refuses a header From that is not the login's own",
            look=partial(refuses, own, message(pose, own, "probe")),
        )
    check(
        "pose_beside_own_address",
        promise="refuses a header From that names somebody else beside the login",
        look=lambda: refuses(own, message(f"{own}>, <{outsider}", own, "probe")),
    )
    check(
        "null_sender",
        promise="refuses the null sender for an ordinary message",
        look=lambda: refuses("", message(own, own, "probe")),
    )
    check(
        "null_sender_notification_of_another",
        promise="refuses a notification in another's name",
        look=lambda: refuses("", disposition_notification(outsider, own)),
    )


def check_wrong_password(recorder: Recorder, target: Target, port: int, login: Login) -> None:
    """A real account's wrong password is refused; tried once, since role bans counts it."""
    recorder.check(
        "submission_wrong_password",
        f"{target} port {port} as {login.address}",
        "refuses a wrong password",
        lambda: _wrong_password(target, port, login),
        "RFC 4954",
    )


def check_notification(recorder: Recorder, target: Target, port: int, login: Login) -> None:
    """A disposition notification of the user's own has a null sender and is taken (RFC 8098)."""

    def look() -> tuple[bool, str]:
        with open_session(target, port, login) as session:
            data = disposition_notification(login.address, login.address)
            reply = submit(session, "", login.address, data)
            return reply.startswith("250"), reply

    recorder.check(
        "own_notification_is_taken",
        f"{target} port {port} as {login.address}",
        "takes a disposition notification of the user's own",
        look,
        "RFC 8098 section 3",
    )
