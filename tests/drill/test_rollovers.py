"""Rollovers under load, before the eyes of a peer that verifies all the time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from alongside import (
    DKIM,
    dkim_was_listed_for_a_day,
    tlsa_was_listed_for_a_day,
    tlsa_was_never_seen,
    ttl_passes,
)
from dane_senders import dane_senders
from drill_kill import Say
from drill_state import driver
from handshakes import handshakes
from labkit import MAIL_HOSTS, Play, on, play
from mail_stream import Stream, mail_stream
from postwright.dns import manifest
from postwright.dns.claims import Claim, Kind
from postwright.dns.records import Slot
from tls_clients import tls_clients

LEAST = 1000
"""Messages or handshakes that are judged in each rollover."""
DOMAINS = {"alpha.test": "mx1", "beta.test": "mx1", "gamma.test": "mx2"}
HOSTNAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
TOOL = "/usr/local/sbin/postwright-certificates"


def rotate(what: str, *more: str) -> Play:
    """Roll something over; what has to wait is left to a later run."""
    done = play("playbooks/rotate.yml", "-e", f"rotate={what}", "-e", "rotate_wait=0", *more)
    assert done.status == 0, done.output[-4000:]
    return done


def changed(run: Play) -> int:
    """Return how much a run has changed."""
    return sum(counters["changed"] for counters in run.recap().values())


@pytest.fixture
def settled(facts: dict[str, Any]) -> None:
    """No rollover is under way."""
    dkim_was_listed_for_a_day()
    rotate("due")


def keys(domain: str) -> set[str]:
    """Return the selectors of the private keys that a domain's host has."""
    names = on(DOMAINS[domain], "ls", f"{DKIM}/{domain}").split()
    return {name.removesuffix(".key") for name in names if name.endswith(".key")}


def signing(domain: str) -> set[str]:
    """Return the selectors that Rspamd is set up to sign a domain's mail with."""
    text = on(DOMAINS[domain], "cat", "/etc/rspamd/local.d/dkim_signing.conf")
    (block,) = re.findall(rf"^ +{domain} \{{(.*?)^    \}}", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r'selector = "(\S+)"', block))


def published(domain: str) -> dict[str, bool]:
    """Return the selectors in DNS, and whether the manifest says when they go."""
    zone = driver().read(domain)
    mine = manifest.read(zone, "postwright").mine
    tail = f"._domainkey.{domain}"
    return {
        slot.name.removesuffix(tail): mine[Claim(Kind.DKIM, slot.name)].due is not None
        for slot in zone.sets
        if slot.name.endswith(tail) and slot.type == "TXT"
    }


def assert_all_passed(stream: Stream, say: Say) -> None:
    """The peer judged enough messages, and passed every one; those of before verify still."""
    found = stream.arrived(again=True)
    failing = [each for each in found if not each.passes]
    say(f"    {len(found)} messages judged by the peer, {len(failing)} failing, "
        f"{len(stream.deferred)} told to come again on submission")  # fmt: skip
    assert (failing, stream.refused) == ([], [])
    assert {each.again for each in found} == {(), (True, True)}
    assert len(found) >= LEAST


def test_the_peer_notices_a_key_that_signs_before_it_is_published(facts: dict[str, Any]) -> None:
    made = play("playbooks/keys.yml", "-e", "rotate=dkim", "-e",
                json.dumps({"dkim_now": ["beta.test"]}))  # fmt: skip
    assert made.status == 0, made.output[-4000:]
    (new, *_) = fresh = keys("beta.test") - signing("beta.test")
    assert len(fresh) == 2, new
    try:
        # As if it had been published.
        on("mx1", "sh", "-c", f"rm {DKIM}/beta.test/*.waits")
        with mail_stream(facts) as stream:
            assert play("playbooks/hosts.yml").status == 0
            stream.reaches(100)
        found = [each for each in stream.arrived() if each.selectors & fresh]
        assert found
        assert not any(each.passes for each in found)
    finally:
        assert play("playbooks/dns.yml").status == 0


def test_dkim_keys_are_rolled_over_while_mail_is_sent(
    facts: dict[str, Any], settled: None, say: Say
) -> None:
    before = {domain: signing(domain) for domain in DOMAINS}
    with mail_stream(facts) as stream:
        rotate("dkim")
        say("    new keys are published; all is converged before their time has come")
        books = [f"playbooks/{name}.yml" for name in ("keys", "announce", "hosts", "cutover")]
        site = play(*books)
        assert site.status == 0, site.output[-4000:]
        assert {domain: signing(domain) for domain in DOMAINS} == before
        assert {len(keys(domain)) for domain in DOMAINS} == {4}
        dkim_was_listed_for_a_day()
        say("    their time has come")
        rotate("dkim")
        stream.reaches(LEAST)
    after = {domain: signing(domain) for domain in DOMAINS}
    assert_all_passed(stream, say)
    for domain in DOMAINS:
        assert before[domain].isdisjoint(after[domain])
        assert keys(domain) == after[domain]
        said = published(domain)
        assert {each: said[each] for each in before[domain] | after[domain]} == (
            dict.fromkeys(before[domain], True) | dict.fromkeys(after[domain], False)
        )
    seen = {selector for each in stream.judged() for selector in each.selectors}
    assert seen == set().union(*before.values(), *after.values())


def test_due_rolls_over_what_is_old_enough_and_nothing_else(
    facts: dict[str, Any], settled: None
) -> None:
    assert changed(rotate("due")) == 0
    before = {domain: keys(domain) for domain in DOMAINS}
    on("mx1", "sh", "-c", f"touch -d '-200 days' {DKIM}/alpha.test/*.key")
    rotate("due")
    assert {domain: len(keys(domain) - before[domain]) for domain in DOMAINS} == {
        "alpha.test": 2, "beta.test": 0, "gamma.test": 0
    }  # fmt: skip
    assert changed(rotate("due")) == 0
    dkim_was_listed_for_a_day()
    rotate("due")
    assert signing("alpha.test").isdisjoint(before["alpha.test"])
    assert changed(rotate("due")) == 0


def tls_keys(host: str) -> list[str]:
    """Return a host's current and next key."""
    found: list[str] = json.loads(on(host, TOOL, "describe"))["tls_keys"]
    return found


def tlsa(hostname: str) -> set[str]:
    """Return the keys that DNS lists for a host."""
    zone = hostname.partition(".")[2]
    values = driver().read(zone).values(Slot(f"_25._tcp.{hostname}", "TLSA"))
    return {value.split()[3].lower() for value in values}


def test_tls_keys_are_rolled_over_while_senders_look(facts: dict[str, Any], say: Say) -> None:
    tlsa_was_never_seen()
    for book in ("keys", "cutover"):
        assert play(f"playbooks/{book}.yml").status == 0
    before = {host: tls_keys(host) for host in MAIL_HOSTS}
    early = rotate("tls")
    # What cutover has seen counts, and the wait has begun.
    assert changed(early) == 0
    assert early.output.count("can be served from") == len(MAIL_HOSTS)
    assert {host: tls_keys(host) for host in MAIL_HOSTS} == before
    addresses = {name: facts["hosts"][host]["ipv4"] for host, name in HOSTNAMES.items()}
    with (
        dane_senders(list(HOSTNAMES.values())) as senders,
        tls_clients(addresses) as wrong,
        handshakes(facts["resolver"], addresses) as seen,
    ):
        tlsa_was_listed_for_a_day()
        rotate("tls")
        seen.reaches(LEAST)
        looks, refused = senders.verified("any"), senders.refused()
    say(f"    {seen.served.total()} handshakes judged, {len(seen.wrong)} wrong; "
        f"Postfix at the peer refused {len(refused)}")  # fmt: skip
    assert (seen.wrong, wrong, refused, looks) == ([], [], [], set(HOSTNAMES.values()))
    for host, hostname in HOSTNAMES.items():
        current, following = tls_keys(host)
        assert current == before[host][1]
        assert seen.keys(hostname) == set(before[host])
        assert tlsa(hostname) == {current, following}
    assert rotate("tls").output.count("can be served from") == len(MAIL_HOSTS)


@pytest.fixture
def no_acme_server(facts: dict[str, Any]) -> Iterator[None]:
    """Hosts that find nobody where their ACME server is; it runs on, since it keeps nothing."""
    away = "cp -a /etc/hosts /root/hosts; printf '%s acme.test\\n' 127.0.0.1 ::1 >>/etc/hosts"
    for host in MAIL_HOSTS:
        on(host, "sh", "-ec", away)
    yield
    for host in MAIL_HOSTS:
        on(host, "sh", "-ec", "if [ -e /root/hosts ]; then mv /root/hosts /etc/hosts; fi")


def test_without_an_acme_server_the_old_tls_key_is_served_on_and_the_next_run_goes_on(
    facts: dict[str, Any], no_acme_server: None, say: Say
) -> None:
    assert play("playbooks/cutover.yml").status == 0
    # Who knows the set from before the last rollover's end would not know this next key.
    ttl_passes()
    before = {host: tls_keys(host) for host in MAIL_HOSTS}
    addresses = {name: facts["hosts"][host]["ipv4"] for host, name in HOSTNAMES.items()}
    with handshakes(facts["resolver"], addresses) as seen:
        failed = play("playbooks/rotate.yml", "-e", "rotate=tls", "-e", "rotate_wait=0")
        seen.reaches(100)
        old = {name: seen.keys(name) for name in HOSTNAMES.values()}
        for host in MAIL_HOSTS:
            on(host, "mv", "/root/hosts", "/etc/hosts")
        rotate("tls")
        seen.reaches(LEAST)
    say(f"    {seen.served.total()} handshakes judged, {len(seen.wrong)} wrong")
    assert failed.status != 0
    assert "the ACME server gave no certificate" in failed.output
    assert "The old key is served on" in failed.output
    assert old == {name: {before[host][0]} for host, name in HOSTNAMES.items()}
    assert seen.wrong == []
    for host, hostname in HOSTNAMES.items():
        current, following = tls_keys(host)
        assert current == before[host][1]
        assert seen.keys(hostname) == set(before[host])
        assert tlsa(hostname) == {current, following}
