"""A host is away and its backup MX queues for it: nothing is lost, forged, bounced or let in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from backup_mx import (
    FRIEND,
    HOSTNAMES,
    PAIRS,
    Offer,
    Pair,
    away,
    bounces,
    came_by,
    finds_a_virus,
    hand_on,
    hand_over,
    lies_in,
    now,
    offer,
    overlay,
    queue,
    queued,
    verdict,
)
from drill_kill import Say
from labkit import flush_zone, on, play
from labmail import Post
from postwright.probe.result import awaited

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"
PROGRAM = 'Content-Type: application/octet-stream; name="Invoice.PDF.exe"\r\n'
QUARANTINED = "hanako@beta.test"
"""Whoever poses as her fails DMARC, and her domain asks for quarantine."""
FILLED = 3
"""How many large messages fill a small mailbox: the last one goes beyond its quota."""
ON_ITS_OWN = 300.0
"""Seconds within which mail is handed on without a hand."""


@pytest.fixture(scope="module")
def post(facts: dict[str, Any], say: Say) -> Iterator[Post]:
    """The lab, each mail host the other's backup MX for one domain; put right in the end."""
    wanted = ("-e", json.dumps(overlay()))
    say("each mail host becomes the other's backup MX")
    site = play("site.yml", *wanted)
    assert site.status == 0, site.output[-4000:]
    again = play("playbooks/hosts.yml", *wanted)
    assert {counters["changed"] for counters in again.recap().values()} == {0}
    # The other organisation remembers an MX for as long as its TTL.
    for pair in PAIRS:
        flush_zone("ns1", zone=pair.domain)
    yield Post(facts)
    say("and is none any more")
    site = play("site.yml")
    assert site.status == 0, site.output[-4000:]


@pytest.fixture(params=PAIRS, ids=[f"{pair.standby} queues for {pair.away}" for pair in PAIRS])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Each release queues for the other."""
    return Pair(*request.param)


def test_mail_waits_and_is_judged_as_if_it_had_come_straight(
    post: Post, pair: Pair, say: Say
) -> None:
    token, _ = post.send(FRIEND, pair.reader)
    straight = post.arrived(pair.reader, token)
    assert straight is not None
    assert not came_by(straight, pair.standby)
    assert {"spf=pass smtp.mailfrom=friend@peer.test", "dmarc=pass header.from=peer.test"} < set(
        verdict(straight)
    )
    start, tagged = now(), pair.reader.replace("@", "+list@")
    with away(pair.away):
        tokens = [post.send(FRIEND, to)[0] for to in (pair.reader, tagged)]
        nobody = f"nobody@{pair.domain}"
        post.send(FRIEND, nobody)
        for to in (pair.reader, tagged):
            queued(pair.standby, to)
        # Refused at the door of the standby, so it is the sender's own host that tells the sender.
        with awaited(60) as again:
            words = (
                "journalctl",
                "-o",
                "cat",
                "-q",
                f"--since=@{start:.0f}",
                "-g",
                f"to=<{nobody}>",
            )
            while again() and "bounced" not in (said := on("peer", *words, status=None)):
                pass
        assert f"host {HOSTNAMES[pair.standby]}[" in said, said
        assert " said: 550 5.1.1 " in said, said
        assert nobody not in queue(pair.standby)
    hand_over(pair)
    for token in tokens:
        text = post.arrived(pair.reader, token)
        assert text is not None
        assert came_by(text, pair.standby)
        assert verdict(text) == verdict(straight)
        assert post.count(pair.reader, token) == 1
    assert bounces(pair.standby, start) == bounces(pair.away, start) == ""
    said = on(pair.standby, "journalctl", "-o", "cat", "-q", f"--since=@{start:.0f}", "-g",
              f"connection established to {HOSTNAMES[pair.away]}")  # fmt: skip
    assert {line.partition(" ")[0] for line in said.splitlines()} == {"Verified"}


def test_what_waits_is_handed_on_without_a_hand(post: Post, pair: Pair, say: Say) -> None:
    with away(pair.away):
        token, reply = offer(post, pair.standby, Offer(pair.reader))
        assert reply.startswith("250"), reply
        queued(pair.standby, pair.reader, "refused")
    start = now()
    with awaited(ON_ITS_OWN, 2) as again:
        while again() and post.count(pair.reader, token) != 1:
            pass
    assert post.count(pair.reader, token) == 1
    say(f"{pair.standby} handed on by itself after {now() - start:.0f} s")


@pytest.mark.parametrize(
    "what",
    [
        Offer("nobody@{domain}"),
        Offer("noreply@{domain}"),
        Offer(FRIEND),
        Offer("friend%peer.test@{domain}"),
        Offer("nobody@below.{domain}"),
        Offer("{reader}", body=GTUBE),
        Offer("{reader}", headers=PROGRAM),
        Offer("{reader}", author=FRIEND),
        Offer("{reader}", sender="somebody@nowhere.invalid"),
        Offer("{forward}", author=QUARANTINED),
    ],
    ids=["unknown", "who only sends", "a foreign recipient", "percent hack", "below the domain",
         "spam", "a program", "forged", "nobody's sender", "forged, to be forwarded"],
)  # fmt: skip
def test_a_backup_mx_refuses_what_the_host_refuses(post: Post, pair: Pair, what: Offer) -> None:
    filled = what._replace(
        recipient=what.recipient.format(
            domain=pair.domain, reader=pair.reader, forward=pair.forward
        )
    )
    replies = [offer(post, host, filled)[1] for host in (pair.away, pair.standby)]
    assert [bool(re.match("5[0-9]{2} 5", reply)) for reply in replies] == [True, True], replies
    assert replies[0][:9] == replies[1][:9], replies


def test_whom_its_host_does_not_know_yet_waits(post: Post, pair: Pair) -> None:
    # A new account, of two hosts of which one is converged first.
    start, newcomer = now(), f"newcomer@{pair.domain}"
    table = "lmdb:/etc/postfix/relay_recipient_maps"
    on(pair.standby, "sh", "-ec", f"echo {newcomer} stays | postmap -i {table}")
    try:
        _, reply = offer(post, pair.standby, Offer(newcomer))
        assert reply.startswith("250"), reply
        queued(pair.standby, newcomer, "said: 550 5.1.1 ")
        assert bounces(pair.standby, start) == ""
    finally:
        on(pair.standby, "postmap", "-d", newcomer, table)
        on(pair.standby, "postsuper", "-d", "ALL")


def test_a_full_mailbox_waits_for_room(post: Post, pair: Pair) -> None:
    start, large = now(), Offer(pair.small, body=("x" * 70 + "\r\n") * 6000)
    empty = ("doveadm", "expunge", "-u", pair.small, "mailbox", "*", "all")
    on(pair.away, *empty)
    for _ in range(FILLED):
        token, _ = offer(post, pair.away, large)
        assert lies_in(pair.away, pair.small, "INBOX", token)
    with away(pair.away):
        token, reply = offer(post, pair.standby, large)
        assert reply.startswith("250"), reply
        queued(pair.standby, pair.small, "refused")
    hand_over(pair)
    queued(pair.standby, pair.small, "said: 452 4.2.2 ")
    on(pair.away, *empty)
    hand_over(pair)
    assert lies_in(pair.away, pair.small, "INBOX", token)
    assert bounces(pair.standby, start) == bounces(pair.away, start) == ""


@pytest.mark.parametrize(
    ("what", "place"),
    [
        (Offer("", author=FRIEND), "Junk"),
        (Offer("", headers=PROGRAM), "Junk"),
        (Offer(""), "INBOX"),
    ],
    ids=["forged", "a program", "a letter"],
)
def test_what_its_backup_mx_took_is_refused_no_more(
    post: Post, pair: Pair, what: Offer, place: str
) -> None:
    known = what._replace(recipient=pair.reader)
    token, reply = hand_on(post, pair.standby, pair, known)
    assert reply == "250"
    assert lies_in(pair.away, pair.reader, place, token), f"not in {place}"


def test_a_virus_that_its_backup_mx_did_not_know_reaches_nobody(post: Post, pair: Pair) -> None:
    infected = Offer(pair.reader, headers="X-Virus: yes\r\n")
    with finds_a_virus(pair.away):
        with awaited(60) as again:
            # Until Rspamd is back, all wait.
            while again() and (reply := offer(post, pair.away, infected)[1]).startswith("4"):
                pass
        assert reply == "554 5.7.1 It holds a virus", reply
        start = now()
        _, reply = hand_on(post, pair.standby, pair, infected)
        assert reply == "250", reply
    words = ("journalctl", "-o", "cat", "-q", f"--since=@{start:.0f}", "-g", "milter-discard")
    assert f"to=<{pair.reader}>" in on(pair.away, *words)


def test_nobody_else_is_believed_to_be_the_backup_mx(post: Post, pair: Pair) -> None:
    for what in (Offer(pair.reader, body=GTUBE), Offer(pair.reader, author=FRIEND)):
        _, reply = hand_on(post, "client", pair, what)
        assert reply.startswith("554 5.7.1"), reply


def test_its_own_mail_is_judged_as_its_own(post: Post, pair: Pair) -> None:
    token, _ = post.send(pair.neighbour, pair.reader)
    text = post.arrived(pair.reader, token)
    assert text is not None
    domain = pair.neighbour.partition("@")[2]
    assert {
        f"spf=pass smtp.mailfrom={pair.neighbour}", f"dmarc=pass header.from={domain}"
    } < set(verdict(text))  # fmt: skip
    # And what it forwards there (onward, then friend) is its own, too.
    token, _ = post.send(FRIEND, f"onward@{domain}")
    assert post.arrived(FRIEND, token) is not None
