"""Mail on hosts that site.yml built: what travels, who gets it, and what is refused."""

from __future__ import annotations

import secrets
from itertools import permutations
from typing import Any

import pytest

from labkit import MAIL_HOSTS, Site, on
from labmail import SERVERS, Post
from postwright.probe.journey import ARRIVAL
from postwright.probe.submission import message, open_session, submit
from postwright.probe.wire import Smtp, refused
from postwright.report import Entry, read

pytestmark = pytest.mark.usefixtures("site")

ACCOUNTS = (
    "taro@alpha.test",
    "jiro@alpha.test",
    "hanako@beta.test",
    "saburo@gamma.test",
    "friend@peer.test",
)
FAMILIES = ("IPv4", "IPv6")
MIB = 2**20


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


@pytest.fixture(scope="module")
def entries(site: Site) -> list[Entry]:
    """What verify found in the second run of site.yml."""
    return read(site.report)


def test_verify_passes_in_every_check(entries: list[Entry]) -> None:
    assert [entry for entry in entries if not entry.ok and not entry.waived] == []


@pytest.mark.parametrize(("origin", "destination"), [*permutations(ACCOUNTS, 2)])
def test_mail_between_two_accounts_arrives_within_a_minute(
    entries: list[Entry], origin: str, destination: str
) -> None:
    legs = {e.check: e for e in entries if e.subject == f"{origin} to {destination}"}
    assert legs["arrived"].ok
    assert legs["arrived"].seconds < ARRIVAL
    if destination == "friend@peer.test":
        judged = {"signed_twice", "spf_passes", "dkim_rsa_passes", "dkim_ed25519_passes"}
        assert judged | {"dmarc_passes"} <= legs.keys()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_twenty_kinds_of_abuse_are_tried_and_refused(
    entries: list[Entry], host: str, family: str
) -> None:
    subject = f"{dict(SERVERS.values())[host]} {family}"
    tried = {e.check: e.ok for e in entries if e.part == "outside" and subject in e.subject}
    benign = {"starttls_verified", "imap_logs_in", "sieve_logs_in", "own_notification_is_taken"}
    assert len(tried.keys() - benign) >= 20
    assert all(tried.values())


@pytest.mark.parametrize(
    ("recipient", "reader"),
    [
        ("info@alpha.test", "taro@alpha.test"),
        ("abuse@alpha.test", "taro@alpha.test"),
        ("Taro+Lists@ALPHA.test", "taro@alpha.test"),
        ("saburo+lists@gamma.test", "saburo@gamma.test"),
        ("nobody-of-this-name@beta.test", "hanako@beta.test"),
        ("postmaster@mx1.alpha.test", "taro@alpha.test"),
        ("friend@alpha.test", "friend@peer.test"),
    ],
    ids=["alias", "chain", "extension on 13", "extension on 12", "catch-all", "host", "forward"],
)
def test_an_address_leads_where_the_inventory_says(post: Post, recipient: str, reader: str) -> None:
    token, reply = post.send("jiro@alpha.test", recipient)
    assert reply.startswith("250"), reply
    assert post.arrived(reader, token)


def test_an_alias_reaches_all_its_targets_once_each(post: Post) -> None:
    token, _ = post.send("saburo@gamma.test", "everybody@alpha.test")
    for reader in ("taro@alpha.test", "jiro@alpha.test", "hanako@beta.test"):
        assert post.arrived(reader, token)
        assert post.count(reader, token) == 1


@pytest.mark.parametrize("domain", ["alpha.test", "gamma.test"])
def test_two_users_of_one_domain_see_only_their_own_mail(post: Post, domain: str) -> None:
    first = {"alpha.test": "taro@alpha.test", "gamma.test": "saburo@gamma.test"}[domain]
    second = {"alpha.test": "jiro@alpha.test", "gamma.test": "shiro@gamma.test"}[domain]
    for reader, other in ((first, second), (second, first)):
        token, _ = post.send("hanako@beta.test", reader)
        assert post.arrived(reader, token)
        assert post.count(other, token) == 0


@pytest.mark.parametrize("domain", ["alpha.test", "gamma.test"])
def test_a_full_mailbox_is_told_at_rcpt_and_what_was_taken_stays(post: Post, domain: str) -> None:
    # Larger than the quota by itself, and nothing is said of its size before it comes.
    shiro, large = f"shiro@{domain}", ("x" * 900 + "\r\n") * (3 * MIB // 902)
    token, reply = post.transfer(shiro, large)
    assert reply.startswith("250"), reply
    assert post.arrived(shiro, token)
    token, refusal = post.transfer(shiro)
    assert refusal.startswith("452 4.2.2"), refusal
    assert post.count(shiro, token) == 0


@pytest.mark.parametrize("reader", ["jiro@alpha.test", "saburo@gamma.test"])
def test_who_is_logged_in_hears_goodbye_when_dovecot_restarts(post: Post, reader: str) -> None:
    host, _ = SERVERS[reader.partition("@")[2]]
    sessions = [post.mailbox(reader) for _ in range(3)]
    on(host, "systemctl", "restart", "dovecot")
    for session in sessions:
        # RFC 3501 3.4.
        assert session.readline().startswith(b"* BYE ")
        session.shutdown()


def test_a_message_over_the_size_limit_is_refused(post: Post) -> None:
    with open_session(post.target("taro@alpha.test"), 465, post.login("taro@alpha.test")) as line:
        reply = line.command(f"MAIL FROM:<taro@alpha.test> SIZE={200 * MIB}")
    assert reply.startswith("552"), reply


def test_an_account_that_only_receives_gets_mail(post: Post) -> None:
    token, _ = post.send("jiro@alpha.test", "archive@alpha.test")
    assert post.arrived("archive@alpha.test", token)


def test_an_account_sends_as_its_alias(post: Post) -> None:
    token = secrets.token_hex(8)
    with open_session(post.target("taro@alpha.test"), 465, post.login("taro@alpha.test")) as line:
        data = message("info@alpha.test", "friend@peer.test", token)
        reply = submit(line, "info@alpha.test", "friend@peer.test", data)
    assert reply.startswith("250"), reply
    text = post.arrived("friend@peer.test", token)
    assert text
    assert b"dmarc=pass" in text


@pytest.mark.parametrize("host", ["alpha.test", "gamma.test"])
def test_a_stranger_may_write_but_not_as_one_of_us(post: Post, host: str) -> None:
    recipient = {"alpha.test": "taro@alpha.test", "gamma.test": "saburo@gamma.test"}[host]
    with Smtp(post.target(recipient), 25) as session:
        session.hello("client.test")
        data = message(recipient, recipient, "posing as the recipient")
        reply = submit(session, "somebody@client.test", recipient, data)
    # DMARC's `reject` of the domain itself (RFC 7489 6.3).
    assert refused(reply), reply
