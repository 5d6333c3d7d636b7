"""What comes is judged, put where it belongs, and learnt from, on both releases."""

from __future__ import annotations

import email
import re
import secrets
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from labkit import MAIL_HOSTS, flush_zone, on
from labmail import SERVERS, Post
from postwright.probe.journey import verdicts
from postwright.probe.mailbox import Imap
from postwright.probe.result import awaited

pytestmark = pytest.mark.usefixtures("site")

READERS = ("taro@alpha.test", "saburo@gamma.test")
QUARANTINED = "hanako@beta.test"
"""Whoever poses as her fails DMARC, and her domain asks for quarantine."""
FRIEND = "friend@peer.test"
CONTROLLER = "/run/rspamd/controller.sock"
REDIS = "/run/redis/redis-server.sock"
LISTED, REFUSED = "198.18.254.2", "198.18.254.3"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


def _words() -> str:
    """Return a text that no other message has: Bayes learns none twice, and none of ten words."""
    return "".join(f"{secrets.token_hex(4)}\r\n" for _ in range(40))


def _found(imap: Imap, mailbox: str, token: str, *where: str) -> str:
    """Return the message's number in a mailbox once it is there."""
    with awaited(20) as again:
        while again():
            imap.select(mailbox)
            _, found = imap.uid("SEARCH", *(where or ("HEADER", "Subject")), token)
            if found[0]:
                return str(found[0].decode())
    pytest.fail(f"{token} is not in {mailbox}")


def _learnt(host: str) -> list[int]:
    """Return how many messages Bayes has learnt, as ham and as spam."""
    said = on(host, "redis-cli", "-s", REDIS, "HMGET", "RS", "learns_ham", "learns_spam")
    return [int(line or 0) for line in said.splitlines()]


@pytest.mark.parametrize("reader", READERS)
def test_what_fails_dmarc_lies_in_junk_and_teaches_as_it_is_moved(post: Post, reader: str) -> None:
    host = SERVERS[reader.partition("@")[2]][0]
    token, reply = post.transfer(reader, _words(), author=QUARANTINED)
    assert reply.startswith("250"), reply
    before = _learnt(host)
    with post.mailbox(reader) as imap:
        # The answer comes once it is learnt; the second move takes back what the first one taught.
        for kind, (place, other) in enumerate((("Junk", "INBOX"), ("INBOX", "Junk"))):
            assert imap.uid("MOVE", _found(imap, place, token), other)[0] == "OK"
            assert _learnt(host)[kind] == before[kind] + 1


@pytest.mark.parametrize("reader", READERS)
def test_spam_is_refused_while_the_sender_is_connected(post: Post, reader: str) -> None:
    _, reply = post.transfer(reader, GTUBE)
    assert reply.startswith("554 5.7.1"), reply


@pytest.mark.parametrize("domain", ["alpha.test", "gamma.test"])
def test_what_is_forwarded_passes_spf_and_keeps_its_signatures(post: Post, domain: str) -> None:
    token, _ = post.send(FRIEND, f"friend@{domain}")
    text = post.arrived(FRIEND, token)
    assert text is not None
    said = dict(part.split()[0].split("=", 1) for part in verdicts(text))
    assert said == {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
    sender = email.message_from_bytes(text)["Return-Path"]
    assert re.fullmatch(rf"<SRS0=.*=peer\.test=friend@{SERVERS[domain][1]}>", sender)


@pytest.mark.parametrize("domain", ["alpha.test", "gamma.test"])
def test_what_the_next_host_refuses_goes_back_to_whoever_sent_it(post: Post, domain: str) -> None:
    mark = secrets.token_hex(8)
    _, reply = post.send(FRIEND, f"gone@{domain}", f"{mark}\r\n")
    assert reply.startswith("250"), reply
    with post.mailbox(FRIEND) as imap:
        uid = _found(imap, "INBOX", mark, "FROM", "MAILER-DAEMON", "BODY")
        _, parts = imap.uid("FETCH", uid, "(BODY[])")
    assert f"MAILER-DAEMON@{SERVERS[domain][1]}".encode() in parts[0][1]


@pytest.mark.parametrize("domain", ["alpha.test", "gamma.test"])
def test_spam_is_not_forwarded_but_refused(post: Post, domain: str) -> None:
    _, reply = post.transfer(f"friend@{domain}", _words(), author=QUARANTINED)
    assert reply == "554 5.7.1 Spam is not forwarded", reply


@pytest.mark.parametrize("reader", READERS)
def test_what_stays_keeps_its_sender(post: Post, reader: str) -> None:
    token, _ = post.send(FRIEND, reader)
    text = post.arrived(reader, token)
    assert text is not None
    assert email.message_from_bytes(text)["Return-Path"] == f"<{FRIEND}>"
    assert b"\nARC-Seal:" not in text


@pytest.mark.parametrize("reader", READERS)
def test_a_verdict_that_the_sender_wrote_in_our_name_is_removed(post: Post, reader: str) -> None:
    hostname = SERVERS[reader.partition("@")[2]][1]
    forged = f"Authentication-Results: {hostname}; dmarc=pass header.from=forged.test\r\n"
    token, _ = post.transfer(reader, headers=forged)
    text = post.arrived(reader, token)
    assert text is not None
    assert f"Authentication-Results: {hostname};".encode() in text
    assert b"forged.test" not in text


@pytest.mark.parametrize("reader", READERS)
def test_a_program_is_not_taken_as_an_attachment(post: Post, reader: str) -> None:
    program = 'Content-Type: application/octet-stream; name="Invoice.PDF.exe"\r\n'
    _, reply = post.transfer(reader, headers=program)
    assert reply == "554 5.7.1 Programs are not taken as attachments", reply


@pytest.mark.parametrize("reader", READERS)
def test_what_fails_keeps_mail_waiting_or_is_done_without(post: Post, reader: str) -> None:
    domain = reader.partition("@")[2]
    host = SERVERS[domain][0]
    try:
        on(host, "systemctl", "stop", "redis-server", "postsrsd")
        token, _ = post.transfer(reader)
        _, spam = post.transfer(reader, GTUBE)
        _, forwarded = post.transfer(f"friend@{domain}")
        # A worker that still talks to a milter client may take 16 s to stop.
        on(host, "sh", "-c", "systemctl kill --signal=KILL rspamd; systemctl stop rspamd")
        _, unjudged = post.transfer(reader)
    finally:
        on(host, "systemctl", "start", "redis-server", "postsrsd", "rspamd")
        on(host, "sh", "-c", f"until [ -S {CONTROLLER} ]; do sleep 0.1; done")
    assert post.arrived(reader, token)
    assert spam.startswith("554 5.7.1"), spam
    assert forwarded == "451 4.7.1 Forwarding is not possible now"
    assert unjudged.startswith("451 4.7.1"), unjudged


@pytest.fixture(scope="module")
def listed() -> Iterator[None]:
    """A blocklist that lists one address, and answers another question with an error."""
    codes = {_reversed(LISTED): "127.0.0.2", _reversed(REFUSED): "127.255.255.254"}

    def change(*commands: str) -> None:
        script = ["knotc zone-begin bl.test", *commands, "knotc zone-commit bl.test"]
        on("ns1", "sh", "-ec", "\n".join(script))
        # Each knows from the zone's NSEC records that nobody is listed (RFC 8198).
        flush_zone(*MAIL_HOSTS, zone="bl.test")

    change(*(f"knotc zone-set bl.test {at} 60 A {code}" for at, code in codes.items()))
    yield
    change(*(f"knotc zone-unset bl.test {at}" for at in codes))


def _reversed(address: str) -> str:
    """Return how an address is asked for (RFC 5782 2.1)."""
    return ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa")


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_listed_address_counts_and_a_blocklists_error_does_not(host: str) -> None:
    scan = "printf 'From: <a@client.test>\\r\\n\\r\\nx\\r\\n' | rspamc -h \"$1\" --ip=%s symbols;"
    both = "".join(scan % address for address in (LISTED, REFUSED))
    said = on(host, "sh", "-c", both, "sh", CONTROLLER)
    assert re.findall(r"Symbol: (RBL_SPAMHAUS\w*) \(([\d.]+)\)", said) == [
        ("RBL_SPAMHAUS_SBL", "4.00"),
        ("RBL_SPAMHAUS_BLOCKED_OPENRESOLVER", "0.00"),
    ]
