"""Abuse is refused for the right reason, and no honest mail is lost, on both releases."""

from __future__ import annotations

import imaplib
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from abuse_attempts import ATTEMPTS, CONTROLS
from abuse_cases import NAMES, Case, decisive
from abuse_legitimate import IN, OUT, Message
from abuse_sending import accepted, dialog, held
from drill_kill import Say
from labkit import MAIL_HOSTS, on
from labmail import Post
from postwright.probe.result import awaited

FAMILIES = ("ipv4", "ipv6")
Copy = tuple[str, str]
"""Where a message is: its folder and its UID there."""

# Every class of abuse, with the control that must pass.
TABLE = [(kind, case) for kind in ATTEMPTS for case in (*ATTEMPTS[kind], CONTROLS[kind])]


def refusals(kinds: list[tuple[str, Case]], replies: list[list[str]]) -> list[str]:
    """Return a line for each case that was not answered as its table says."""
    return [
        f"{kind}, {case.name}: wanted {case.reply}, got {decisive(reply)[:200]}"
        for (kind, case), reply in zip(kinds, replies, strict=True)
        if not re.match(case.reply, decisive(reply))
    ]


def test_the_matrix_is_large_enough() -> None:
    assert sum(map(len, ATTEMPTS.values())) >= 80
    assert len(IN) + len(OUT) >= 40
    assert CONTROLS.keys() == ATTEMPTS.keys()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_every_attempt_is_refused_for_its_reason(
    host: str, family: str, facts: dict[str, Any], say: Say
) -> None:
    address = facts["hosts"][host][family]
    # What was tried before counts neither for a ban nor for the limits.
    on(host, "fail2ban-client", "reload", "--restart", "--unban", "mail")
    on(host, "postwright-limits", "release", NAMES[host]["own"], status=None)
    dialogs = [case.dialog(NAMES[host], address) for _, case in TABLE]
    wrong = refusals(TABLE, held("client", dialogs, 24))
    say(f"{host} {family}: {len(TABLE)} attempts, {len(wrong)} answered otherwise")
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def carrier(facts: dict[str, Any]) -> Iterator[None]:
    """At the peer, addresses such as Japanese carriers gave away lead to friend@peer.test."""
    # Postfix looks them up in quotes, as RFC 5321 4.1.2 would have them written.
    entry = r'/^"(taro\.\.yamada|yamada\.|\.yamada)"@peer\.test$/ friend@peer.test'
    on("peer", "sh", "-c", f"echo '{entry}' > /etc/postfix/carrier")
    before = "virtual_alias_maps = texthash:/etc/postfix/virtual"
    on("peer", "postconf", "-e", f"{before}, regexp:/etc/postfix/carrier")
    on("peer", "postfix", "reload")
    yield
    on("peer", "postconf", "-e", before)
    on("peer", "postfix", "reload")


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_odd_mail_arrives_as_it_was_sent(
    host: str, carrier: None, facts: dict[str, Any], say: Say
) -> None:
    names = NAMES[host]
    marks = {message.name: secrets.token_hex(8) for message in (*IN, *OUT)}
    lost: list[str] = []
    post = Post(facts)
    for messages, reader in ((IN, names["other"]), (OUT, names["outsider"])):
        folders = ["INBOX", "Junk"] if any(each.junk for each in messages) else ["INBOX"]
        first = next_uids(post, reader, folders)
        dialogs = [dialog(each, names, facts["hosts"][host], marks) for each in messages]
        replies = held("client", dialogs, 24)
        lost += [
            f"{each.name}: {decisive(reply)[:200]}"
            for each, reply in zip(messages, replies, strict=True)
            if not accepted(reply)
        ]
        taken = [e for e, reply in zip(messages, replies, strict=True) if accepted(reply)]
        lost += arrivals(post, reader, first, taken, marks, names)
    say(f"{host}: {len(marks)} odd messages, {len(lost)} lost or changed")
    assert not lost, "\n".join(lost)


def next_uids(post: Post, reader: str, folders: list[str]) -> dict[str, int]:
    """Return the UID that the next message of each folder gets."""
    found = {}
    with post.mailbox(reader) as imap:
        for folder in folders:
            _, said = imap.status(folder, "(UIDNEXT)")
            found[folder] = int(re.findall(rb"UIDNEXT (\d+)", said[0])[0])
    return found


def arrivals(
    post: Post,
    reader: str,
    first: dict[str, int],
    messages: list[Message],
    marks: dict[str, str],
    names: dict[str, str],
) -> list[str]:
    """Return a line for each message that did not come, came too often, or was changed.

    Args:
        post: reads the mailbox.
        reader: whose mailbox it is.
        first: the folders, and the UID of the first message of each that may be one of them.
        messages: what was taken.
        marks: what each of them bears.
        names: a value for each word in braces.
    """
    wrong = []
    with post.mailbox(reader) as imap:
        found: dict[str, list[Copy]] = {}
        with awaited(120) as again:
            while again() and any(len(found.get(marks[e.name], [])) < e.copies for e in messages):
                found = marked(imap, first)
        for message in messages:
            copies = found.get(marks[message.name], [])
            filed = {folder for folder, _ in copies}
            if len(copies) != message.copies:
                wrong.append(f"{message.name}: {len(copies)} copies of {message.copies}")
            elif filed != {"INBOX"} and not message.junk:
                wrong.append(f"{message.name}: filed in {filed}")
            elif not message.changed and not unchanged(
                message.text(names, marks), fetched(imap, *copies[0])
            ):
                wrong.append(f"{message.name}: changed on its way")
    return wrong


def unchanged(sent: bytes, got: bytes) -> bool:
    """Tell whether the body is what was sent, and the header too, but for fields around it."""
    sent_header, _, sent_body = sent.partition(b"\r\n\r\n")
    got_header, _, got_body = got.partition(b"\r\n\r\n")
    return got_body == sent_body and b"\r\n%b\r\n" % sent_header in got_header + b"\r\n"


def marked(imap: imaplib.IMAP4, first: dict[str, int]) -> dict[str, list[Copy]]:
    """Return where the messages from one on are, by their mark: one question for a folder."""
    found: dict[str, list[Copy]] = defaultdict(list)
    for folder, uid in first.items():
        imap.select(folder)
        _, parts = imap.uid("FETCH", f"{uid}:*", "(BODY.PEEK[HEADER.FIELDS (X-Case)])")
        for part in parts:
            if isinstance(part, tuple) and (mark := part[1].partition(b":")[2].strip()):
                number = re.findall(rb"UID (\d+)", part[0])[0]
                found[mark.decode()].append((folder, number.decode()))
    return found


def fetched(imap: imaplib.IMAP4, folder: str, uid: str) -> bytes:
    """Return a whole message."""
    imap.select(folder)
    _, parts = imap.uid("FETCH", uid, "(BODY.PEEK[])")
    return next(bytes(part[1]) for part in parts if isinstance(part, tuple))
