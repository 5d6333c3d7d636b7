"""How an honest, odd message becomes a dialog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import abuse_dialog
from abuse_cases import Case
from abuse_dialog import SILENCE
from abuse_legitimate import Message
from labkit import command


def held(host: str, dialogs: list[dict[str, Any]], parallel: int = 12) -> list[list[str]]:
    """Hold dialogs from a lab host, a few at a time; return the replies of each."""
    program = Path(abuse_dialog.__file__).read_text(encoding="utf-8")
    done = command(
        *("scripts/lab", "exec", host, "--", "python3", "-c", program, str(parallel)),
        input=json.dumps(dialogs),
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def dialog(
    message: Message, names: Mapping[str, str], host: Mapping[str, str], marks: Mapping[str, str]
) -> dict[str, Any]:
    """Return the dialog that sends a message to a host, or submits it there."""
    envelope = (
        f"MAIL FROM:<{message.sender}>{message.parameters}\r\n",
        *(f"RCPT TO:<{recipient}>\r\n" for recipient in message.recipients),
    )
    text = message.text(names, marks)
    case = Case(
        message.name,
        "250",
        (*envelope, *(_chunk(text) if message.chunks else _data(text))),
        port=465 if message.login else 25,
        tls="implicit" if message.login else "starttls",
        login="{own}" if message.login else None,
        hello=message.hello,
    )
    if message.hello.startswith("HELO"):
        case = Case(case.name, "250", case.steps, tls="none", hello=message.hello)
    return case.dialog(message.words(names), host["ipv4"])


def _chunk(text: bytes) -> tuple[bytes, ...]:
    return (b"BDAT %d LAST\r\n%b" % (len(text), text),)


def _data(text: bytes) -> tuple[bytes, bytes]:
    """RFC 5321 4.5.2: a dot that begins a line is doubled."""
    stuffed = (b"\r\n" + text).replace(b"\r\n.", b"\r\n..")[2:]
    return (b"DATA\r\n", stuffed + b".\r\n")


def accepted(replies: list[str]) -> bool:
    """Tell whether a server took a whole message and said nothing else."""
    *answers, rest = replies
    return (
        all(reply.startswith(("2", "3")) for reply in answers)
        and "queued as" in answers[-1]
        and rest == SILENCE
    )
