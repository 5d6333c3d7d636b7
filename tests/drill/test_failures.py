"""Each part of a mail host down for a while: docs/filtering.md says what then; nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, on
from labmail import Post, waiting
from postwright.probe.result import awaited

FRIEND = "friend@peer.test"
STRANGER = "somebody@client.test"
READERS = {"mx1": "jiro@alpha.test", "mx2": "saburo@gamma.test"}
"""On each host an account with a quota."""
FORWARDS = {"mx1": "friend@alpha.test", "mx2": "friend@gamma.test"}
BACK = 120
"""Seconds: Postfix tries a program of its own again a minute after it failed (master(8))."""
TAKEN = "250 "


@dataclass(frozen=True)
class Part:
    """What can be down: units, or sockets of Dovecot's that Postfix uses; and what is said then.

    `comes`, `leaves` and `forwarded` are the answers to mail from outside, from an account of
    ours, and to an address whose mail goes on; `waits` is why Postfix keeps what it has taken, by
    its sender.
    """

    name: str
    units: tuple[str, ...] = ()
    socket: str = ""
    comes: str = TAKEN
    leaves: str = TAKEN
    forwarded: str = TAKEN
    waits: tuple[tuple[str, str], ...] = ()

    def stop(self) -> str:
        """Return the command that stops it."""
        if self.socket:
            # Connections that Postfix keeps open end as well.
            return f"cd /var/spool/postfix/private; mv {self.socket} away; postfix reload"
        # A worker of Rspamd's that still talks to a client may take 16 s to stop.
        kill = "".join(f"systemctl kill --signal=KILL {unit};" for unit in self.units)
        return f"{kill} systemctl stop {' '.join(self.units)}"

    def start(self) -> str:
        """Return the command that starts it, and has Postfix try again what waits."""
        if self.socket:
            return f"cd /var/spool/postfix/private; mv away {self.socket}; postqueue -f"
        return f"systemctl start {' '.join(self.units)}; postqueue -f"


OUTSIDE = "OUTSIDE"
"""Whoever sends to others: one of our accounts."""
PARTS = (
    Part("Rspamd", ("rspamd",), comes="451 4.7.1", leaves="454 4.3.0", forwarded="451 4.7.1"),
    Part("Redis", ("redis-server",)),
    Part("PostSRSd", ("postsrsd",), forwarded="451 4.7.1 Forwarding is not possible now"),
    Part(
        "Unbound",
        ("unbound",),
        comes="451 4.7.1 Names cannot be looked up now",
        forwarded="451 4.7.1 Names cannot be looked up now",
        waits=((OUTSIDE, "TLS configuration problem|Name service error|try again"),),
    ),
    Part(
        "postwright-tls-policy",
        ("postwright-tls-policy",),
        waits=((OUTSIDE, "TLS configuration problem"),),
    ),
    Part("postwright-limits", ("postwright-limits",), leaves="451 4.3.5"),
    Part("Dovecot", ("dovecot",), comes="451 4.3.5", leaves="454 4.7.0|closed"),
    Part("Dovecot's auth", socket="auth", leaves="closed"),
    Part("Dovecot's LMTP", socket="dovecot-lmtp", waits=((STRANGER, "dovecot-lmtp"),)),
    Part("Dovecot's quota-status", socket="quota-status", comes="451 4.3.5"),
)


@contextmanager
def down(host: str, part: Part) -> Iterator[None]:
    """Have a part down for a while."""
    on(host, "sh", "-ec", part.stop())
    try:
        yield
    finally:
        on(host, "sh", "-ec", part.start())


def _submitted(post: Post, sender: str) -> tuple[str, str]:
    """Submit a message to the peer; return its token and the first answer that is none of yes."""
    try:
        return post.send(sender, FRIEND)
    except PermissionError as refusal:
        return "", str(refusal).partition(": ")[2]
    except OSError:
        # Nobody greets: Postfix waits before it starts smtpd(8) again, which cannot do without.
        return "", "closed"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_what_is_down_gives_the_stated_answer_and_nothing_is_lost(
    facts: dict[str, Any], say: Say, host: str, part: Part
) -> None:
    post, reader = Post(facts), READERS[host]
    ways = {
        "comes": (reader, lambda: post.transfer(reader)),
        "leaves": (FRIEND, lambda: _submitted(post, reader)),
        "forwarded": (FRIEND, lambda: post.transfer(FORWARDS[host])),
    }
    with down(host, part):
        seen = {way: send() for way, (_, send) in ways.items()}
        reasons = [
            (why, waiting(host, reader if sender == OUTSIDE else sender))
            for sender, why in part.waits
        ]
    for way, (_, reply) in seen.items():
        say(f"{host}: {part.name} is down, mail {way}: {reply}")
        assert re.match(getattr(part, way), reply), (way, reply)
    for why, reason in reasons:
        say(f"{host}: {part.name} is down, mail waits: {reason}")
        assert re.search(why, reason)
    for way, (address, send) in ways.items():
        token, reply = seen[way]
        with awaited(BACK) as again:
            while not reply.startswith(TAKEN) and again():
                token, reply = send()
        assert reply.startswith(TAKEN), (way, reply)
        assert post.arrived(address, token), way
        assert post.count(address, token) == 1, way
