"""Many mailboxes on a mail host, read as their users' clients would, over the network.

site.yml makes their accounts with `-e overlay({"mx2": 50}, folder)`; labfilling fills them; `look`
is all that clients see, and `difference` names what was lost, doubled or renumbered since.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from labkit import ROOT
from labmail import SERVERS
from postwright.probe.mailbox import Imap, sieve_reply
from postwright.probe.wire import Line, Target

DOMAINS = {"mx1": "alpha.test", "mx2": "gamma.test"}
# They share the hash of an account that the lab has, and so its password.
SHARED = {"mx1": "jiro", "mx2": "saburo"}
TOGETHER = 4
"""Accounts that are worked at a time."""


@dataclass(frozen=True, order=True)
class Message:
    """One message as a client sees it."""

    folder: str
    uid: int
    flags: str
    keywords: str
    date: str
    identity: str
    digest: str


@dataclass(frozen=True)
class Account:
    """All that a client sees of one account."""

    validities: Mapping[str, int]
    messages: tuple[Message, ...]
    subscriptions: tuple[str, ...]
    script: tuple[str, str]
    """Name and text of the Sieve script that is active."""


View = Mapping[str, Account]
Result = TypeVar("Result")


def accounts(host: str, count: int) -> list[str]:
    """Return the addresses of a host's accounts that the overlay adds.

    In the alphabet they come last: `verify` sends to a domain's first account.
    """
    return [f"user{number:02}@{DOMAINS[host]}" for number in range(count)]


def password(host: str) -> str:
    """Return the password of all of them."""
    return f"correct horse {SHARED[host]}"


def overlay(counts: Mapping[str, int], folder: Path) -> str:
    """Write the lab's domains with so many further accounts a host; return the words for `-e`."""
    stated = ROOT / "inventory/lab/group_vars/all/mail.yml"
    domains = yaml.safe_load(stated.read_text(encoding="utf-8"))["mail_domains"]
    for host, count in counts.items():
        own = domains[DOMAINS[host]]["accounts"]
        shared = {"password_hash": own[SHARED[host]]["password_hash"]}
        own |= {address.partition("@")[0]: shared for address in accounts(host, count)}
    file = folder / "mailboxes.json"
    file.write_text(json.dumps({"mail_domains": domains}), encoding="utf-8")
    return f"@{file}"


def target(facts: dict[str, Any], host: str) -> Target:
    """Return where a mail host answers."""
    return Target(SERVERS[DOMAINS[host]][1], facts["hosts"][host]["ipv4"], "IPv4")


def look(facts: dict[str, Any], host: str, addresses: Sequence[str]) -> View:
    """Return all that clients see of accounts."""
    server = target(facts, host)
    seen = each(lambda address: _account(server, address, password(host)), addresses)
    return dict(zip(addresses, seen, strict=True))


def difference(before: View, after: View) -> list[str]:
    """Return a line for each thing that was lost, came, or is otherwise."""
    lines = []
    for address in sorted(before.keys() | after.keys()):
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            lines.append(f"{address}: was {old is not None}, is {new is not None}")
        elif old != new:
            lines += [f"{address}: {line}" for line in _differing(old, new)]
    return lines


def _differing(old: Account, new: Account) -> Iterator[str]:
    if old.validities != new.validities:
        yield f"UIDVALIDITY was {old.validities}, is {new.validities}"
    for message in sorted(set(old.messages) - set(new.messages)):
        yield f"lost or changed: {message}"
    for message in sorted(set(new.messages) - set(old.messages)):
        yield f"new or changed: {message}"
    for message, copies in Counter(new.messages).items():
        if copies > 1:
            yield f"came twice: {message}"
    if old.subscriptions != new.subscriptions:
        yield f"subscriptions were {old.subscriptions}, are {new.subscriptions}"
    if old.script != new.script:
        yield f"the active script was {old.script}, is {new.script}"


def each(work: Callable[[str], Result], addresses: Iterable[str]) -> list[Result]:
    """Do something for each account, for some at a time."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(work, addresses))


def _account(server: Target, address: str, secret: str) -> Account:
    with Imap(server, 993) as imap:
        imap.login(f'"{address}"', secret)
        folders = _names(imap.list())
        read = {folder: _folder(imap, folder) for folder in folders}
        subscribed = _names(imap.lsub())
    return Account(
        {folder: validity for folder, (validity, _) in read.items()},
        tuple(sorted(each for _, messages in read.values() for each in messages)),
        tuple(subscribed),
        _script(server, address, secret),
    )


def _names(answer: tuple[str, list[Any]]) -> list[str]:
    """Return the names in the answers to LIST or LSUB (RFC 3501 7.2.2)."""
    # A parent that is no folder itself holds nothing.
    lines = [line.decode() for line in answer[1] if line and b"\\noselect" not in line.lower()]
    return sorted(re.sub(r'^\(.*?\) "." "?(.*?)"?$', r"\1", line) for line in lines)


def _folder(imap: Imap, folder: str) -> tuple[int, list[Message]]:
    # Read only: nobody else's \Recent is taken.
    status, _ = imap.select(f'"{folder}"', readonly=True)
    assert status == "OK", folder
    validity = imap.response("UIDVALIDITY")[1][0]
    assert validity is not None
    _, parts = imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
    return int(validity), [_message(folder, *part) for part in parts if isinstance(part, tuple)]


def _message(folder: str, about: bytes, data: bytes) -> Message:
    said = about.decode("ascii")
    uid = re.search(r"UID (\d+)", said)
    flags = re.search(r"FLAGS \((.*?)\)", said)
    date = re.search(r'INTERNALDATE "(.*?)"', said)
    identity = re.search(rb"^message-id:\s*(\S+)", data, re.IGNORECASE | re.MULTILINE)
    assert uid is not None, said
    assert flags is not None, said
    assert date is not None, said
    words = sorted(flags.group(1).split())
    return Message(
        folder,
        int(uid.group(1)),
        # \Recent is of the session that asks.
        " ".join(word for word in words if word.startswith("\\") and word != "\\Recent"),
        " ".join(word for word in words if not word.startswith("\\")),
        date.group(1),
        identity.group(1).decode() if identity else "",
        hashlib.sha256(data).hexdigest(),
    )


@contextmanager
def managesieve(server: Target, address: str, secret: str) -> Iterator[Callable[..., list[str]]]:
    """Log in to ManageSieve (RFC 5804); give a function that says a line and returns the reply."""
    with Line(server, 4190) as line:

        def say(text: str) -> list[str]:
            line.send(text.encode() + b"\r\n")
            reply = sieve_reply(line)
            assert reply[-1].startswith("OK"), (text, reply)
            return reply[:-1]

        sieve_reply(line)
        say("STARTTLS")
        line.start_tls()
        sieve_reply(line)
        token = base64.b64encode(f"\0{address}\0{secret}".encode()).decode()
        say(f'AUTHENTICATE "PLAIN" "{token}"')
        yield say


def _script(server: Target, address: str, secret: str) -> tuple[str, str]:
    with managesieve(server, address, secret) as say:
        active = [line for line in say("LISTSCRIPTS") if line.endswith(" ACTIVE")]
        if not active:
            return "", ""
        name = active[0].split('"')[1]
        # The first line is the text's length.
        return name, "\n".join(say(f'GETSCRIPT "{name}"')[1:])
