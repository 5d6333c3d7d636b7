"""Mailboxes are filled as a client fills them: APPEND, SUBSCRIBE, PUTSCRIPT (RFC 3502, 5804).

So UIDs, flags and keywords are Dovecot's own, whatever its release and wherever it keeps mail.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from labmailboxes import each, managesieve, password, target
from postwright.probe.wire import Line, Target

# Nested, with a blank, and in Japanese: 請求書 (RFC 3501 5.1.3). INBOX gets a share of three.
FOLDERS = ("INBOX", "INBOX", "INBOX", "Sent", "Junk", "Projects", "Projects.2026.Old plans",
           "&istsQmb4-")  # fmt: skip
SUBSCRIBED = ("Projects.2026.Old plans", "&istsQmb4-")
FLAGS = ("", "\\Seen", "\\Seen \\Answered", "\\Flagged", "\\Seen $Forwarded", "\\Draft invoice",
         "\\Seen $Label1 invoice", "\\Deleted")  # fmt: skip
DATES = ("24-Nov-2026 08:15:30 +0000", "29-Feb-2024 23:59:59 +0900")
SMALLEST, LARGEST, LARGE = 1_000, 60_000, 2_000_000
# So many messages a large one.
LARGE_EVERY = 1000


def filled(
    facts: dict[str, Any], host: str, addresses: Sequence[str], messages: int = 10_000
) -> int:
    """Give accounts so many messages in all, folders, subscriptions and a script; return bytes."""
    share, server = messages // len(addresses), target(facts, host)
    return sum(each(lambda address: _fill(server, address, password(host), share), addresses))


def message(address: str, number: int, draw: random.Random) -> bytes:
    """Return a message like no other, its size drawn."""
    large = draw.randrange(LARGE_EVERY) == 0
    # Most are small, as mail is.
    size = LARGE if large else int(SMALLEST * (LARGEST / SMALLEST) ** draw.random())
    head = (
        f"From: somebody@client.test\r\nTo: {address}\r\nSubject: Number {number}\r\n"
        f"Message-ID: <{number}.{address.replace('@', '.')}@filled.test>\r\n"
        "Date: Tue, 24 Nov 2026 08:15:30 +0000\r\nMIME-Version: 1.0\r\n\r\n"
    )
    text = base64.encodebytes(draw.randbytes(size * 3 // 4)).replace(b"\n", b"\r\n")
    return head.encode() + text


def _fill(server: Target, address: str, secret: str, share: int) -> int:
    draw = random.Random(address)  # noqa: S311 - the same messages in each run
    written = 0
    with Line(server, 993, implicit_tls=True) as line:
        line.readline()
        tags = (f"a{number}" for number in count())
        _say(line, tags, f'LOGIN "{address}" "{secret}"')
        by_folder: dict[str, list[int]] = {}
        for number in range(share):
            by_folder.setdefault(FOLDERS[number % len(FOLDERS)], []).append(number)
        for folder, numbers in by_folder.items():
            _say(line, tags, f'CREATE "{folder}"', refused=True)
            batch = [(_flags(number), message(address, number, draw)) for number in numbers]
            _append(line, tags, folder, batch)
            written += sum(len(data) for _, data in batch)
        for folder in SUBSCRIBED:
            _say(line, tags, f'SUBSCRIBE "{folder}"')
    script = f'require "fileinto"; if header :is "X-Box" "{address}" {{ fileinto "Projects"; }}'
    with managesieve(server, address, secret) as say:
        # Not the only one: which is active has to be kept, too.
        say('PUTSCRIPT "idle" "keep;"')
        say(f'PUTSCRIPT "sorted" {{{len(script)}+}}\r\n{script}')
        say('SETACTIVE "sorted"')
    return written


def _flags(number: int) -> str:
    return FLAGS[number // len(FOLDERS) % len(FLAGS)]


def _append(line: Line, tags: Iterator[str], folder: str, batch: list[tuple[str, bytes]]) -> None:
    """All in one command: each alone would be synced to the disk alone."""
    tag = next(tags)
    line.send(f'{tag} APPEND "{folder}"'.encode())
    for number, (flags, data) in enumerate(batch):
        date = DATES[number % len(DATES)]
        line.send(f' ({flags}) "{date}" {{{len(data)}+}}\r\n'.encode() + data)
    line.send(b"\r\n")
    _await(line, tag)


def _say(line: Line, tags: Iterator[str], text: str, refused: bool = False) -> None:
    tag = next(tags)
    line.send(f"{tag} {text}\r\n".encode())
    _await(line, tag, refused)


def _await(line: Line, tag: str, refused: bool = False) -> None:
    while (answer := line.readline()) and not answer.startswith(f"{tag} "):
        continue
    assert answer.startswith(f"{tag} OK") or refused, answer
