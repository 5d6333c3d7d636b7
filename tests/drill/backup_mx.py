"""The lab's mail hosts as each other's backup MX, and mail that comes by way of one."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.utils import formatdate
from typing import Any, NamedTuple

import yaml

from labkit import ROOT, lab, on
from labmail import SERVERS, Post
from postwright.probe.journey import ARRIVAL
from postwright.probe.result import awaited
from postwright.probe.submission import message, submit
from postwright.probe.wire import Smtp, Target

FRIEND = "friend@peer.test"
UNITS = {"mx1": "postfix", "mx2": "postfix@-"}
HOSTNAMES = dict(SERVERS.values())


class Pair(NamedTuple):
    """A host that goes away, whoever queues for it meanwhile, and some of its recipients."""

    away: str
    standby: str
    reader: str
    neighbour: str

    @property
    def domain(self) -> str:
        """The domain that is queued for."""
        return self.reader.partition("@")[2]

    @property
    def small(self) -> str:
        """An account that is soon full."""
        return f"shiro@{self.domain}"

    @property
    def forward(self) -> str:
        """An address whose mail goes on to another organisation."""
        return f"friend@{self.domain}"


PAIRS = [
    Pair("mx1", "mx2", "taro@alpha.test", "saburo@gamma.test"),
    Pair("mx2", "mx1", "saburo@gamma.test", "taro@alpha.test"),
]


def overlay() -> dict[str, Any]:
    """Return the lab's domains, each queued for by the other host."""
    path = ROOT / "inventory/lab/group_vars/all/mail.yml"
    domains = yaml.safe_load(path.read_text(encoding="utf-8"))["mail_domains"]
    for pair in PAIRS:
        domains[pair.domain]["backup_mx"] = [pair.standby]
    return {"mail_domains": domains}


@contextmanager
def away(host: str) -> Iterator[None]:
    """Have a host take no mail for a while."""
    on(host, "systemctl", "stop", UNITS[host])
    try:
        yield
    finally:
        on(host, "systemctl", "start", UNITS[host])


class Offer(NamedTuple):
    """A message as a stranger offers it."""

    recipient: str
    author: str = "somebody@client.test"
    sender: str = "somebody@client.test"
    headers: str = ""
    body: str = ""

    def data(self, token: str) -> bytes:
        """Return the message, with all that mail has."""
        proper = f"Message-ID: <{token}@client.test>\r\nDate: {formatdate()}\r\n"
        text = message(self.author, self.recipient, token, self.headers + proper)
        return text.removesuffix(b".\r\n") + self.body.encode() + b".\r\n"


def offer(post: Post, host: str, what: Offer) -> tuple[str, str]:
    """Offer a message to a host, whoever should get it; return its token and the answer."""
    token = secrets.token_hex(8)
    target = Target(HOSTNAMES[host], post.facts["hosts"][host]["ipv4"], "IPv4")
    with Smtp(target, 25) as session:
        session.hello("client.test")
        return token, submit(session, what.sender, what.recipient, what.data(token))


# Port 25 of others is for Postfix alone.
_HANDED_ON = """
import json, smtplib, sys
address, name, sender, recipient, text = json.load(sys.stdin)
with smtplib.SMTP(address, 25, name, timeout=90) as session:
    try:
        session.sendmail(sender, recipient, text.encode())
        print("250")
    except smtplib.SMTPResponseException as error:
        print(error.smtp_code, error.smtp_error.decode())
"""


def hand_on(post: Post, source: str, pair: Pair, what: Offer) -> tuple[str, str]:
    """Hand a message to the pair's host as its backup MX does, from this host's address."""
    token, host = secrets.token_hex(8), HOSTNAMES[pair.standby]
    client = post.facts["hosts"]["client"]["ipv4"]
    hop = f"Received: from client.test (client.test [{client}])\r\n\tby {host} (Postfix) with ESMTP"
    text = (
        f"{hop} id 4Xy\r\n\tfor <{what.recipient}>; {formatdate()}\r\n{what.data(token).decode()}"
    )
    asked = [post.facts["hosts"][pair.away]["ipv4"], host, what.sender, what.recipient]
    words = ("setpriv", "--reuid=postfix", "--clear-groups") if source in UNITS else ()
    said = lab(
        *("exec", source, "--", *words, "python3", "-c", _HANDED_ON),
        input=json.dumps([*asked, text.removesuffix(".\r\n")]),
    )
    return token, said.strip()


# As virus.lua does, which needs more memory than the lab's hosts have.
_FINDS_A_VIRUS = """
rspamd_config:register_symbol({ name = 'VIRUS', type = 'prefilter', priority = 8, score = 0.0,
  callback = function(task)
    if task:get_header('X-Virus') then
      task:insert_result('VIRUS', 1.0)
      task:set_pre_result('reject', 'It holds a virus', 'VIRUS')
    end
  end })
"""


@contextmanager
def finds_a_virus(host: str) -> Iterator[None]:
    """Have a host find a virus in every message with the header field X-Virus for a while."""
    rules, kept = "/etc/rspamd/local.d/rspamd.lua", "/run/rspamd.lua.kept"
    again = "systemctl restart rspamd"
    add = f'cp -p {rules} {kept}; echo "$1" >>{rules}; {again}'
    on(host, "sh", "-ec", add, "sh", _FINDS_A_VIRUS)
    try:
        yield
    finally:
        on(host, "sh", "-ec", f"mv {kept} {rules}; {again}")


def queue(host: str) -> dict[str, str]:
    """Return why mail waits on a host, by recipient; empty where it was not tried yet."""
    lines = map(json.loads, on(host, "postqueue", "-j").splitlines())
    return {
        each["address"]: each.get("delay_reason", "")
        for line in lines
        for each in line["recipients"]
    }


def queued(host: str, recipient: str, reason: str = "") -> str:
    """Wait until mail for a recipient waits on a host for a reason, and return that."""
    with awaited(ARRIVAL) as again:
        while again():
            seen = queue(host)
            if recipient in seen and reason in seen[recipient]:
                return seen[recipient]
    raise AssertionError(f"{host} has {seen}, nothing for {recipient} because of {reason!r}")


def hand_over(pair: Pair) -> None:
    """What an operator does who does not want to wait."""
    on(pair.standby, "postqueue", "-s", pair.domain)


def verdict(text: bytes) -> list[str]:
    """Return what the last host says of a message, without its comments."""
    (header,) = message_from_bytes(text).get_all("Authentication-Results") or ["(none)"]
    # Each message has a signature of its own.
    claims = re.sub(r"\([^()]*\)| header\.b=[^\s;]+", "", header.replace("\n", " ")).split(";")
    return sorted(" ".join(claim.split()) for claim in claims)


def came_by(text: bytes, host: str) -> bool:
    """Tell whether a host wrote one of a message's Received lines."""
    lines = message_from_bytes(text).get_all("Received") or []
    return any(f"by {HOSTNAMES[host]} (Postfix)" in line for line in lines)


def lies_in(host: str, account: str, place: str, token: str) -> bool:
    """Tell whether a message is in a mailbox within a minute."""
    words = ("doveadm", "search", "-u", account, "mailbox", place, "header", "Message-ID")
    with awaited(ARRIVAL) as again:
        while again():
            if on(host, *words, f"{token}@client.test"):
                return True
    return False


def bounces(host: str, since: float) -> str:
    """Return what a host logged of letters that tell senders of a failure."""
    words = ("journalctl", "-o", "cat", "-q", f"--since=@{since:.0f}", "-g")
    return on(host, *words, "non-delivery notification", status=None)


def now() -> float:
    """Return the time from which a journal is asked."""
    return time.time()
