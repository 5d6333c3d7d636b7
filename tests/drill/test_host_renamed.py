"""A host gets another name, another one other addresses, under load; and both go back again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import feed
from careful_senders import Senders, careful_senders
from drill_kill import Disk, Reach, Say, moment, run_until
from drill_state import driver
from labkit import Play, on, play
from labmail import Post
from mail_stream import Stream, mail_stream
from postwright.dns import manifest
from postwright.dns.claims import Claim, Kind
from postwright.dns.records import Slot
from renamed_hosts import NEW, OLD, Inventories, a_day_passes, further_addresses
from test_rollovers import LEAST, assert_all_passed, changed

PHASES = [f"playbooks/{name}.yml" for name in ("keys", "announce", "hosts", "cutover", "tighten")]
LETTERS = 1.0
"""How many the peer sends in a second."""
_DISK = Disk("mx1")
# Each run begins where the one before was killed.
MOMENTS = {
    ("keys",): moment(
        "mx1's keys come along with its name",
        Reach.HOSTS,
        "The host has its current and its next TLS keys",
        lambda: _DISK.there(f"var/lib/postwright/certificates/{NEW}.pem"),
    ),
    ("announce", "hosts"): moment(
        "Postfix is called by the new name",
        Reach.HOSTS,
        "Postfix takes mail for these domains",
        lambda: _DISK.says("etc/postfix/main.cf", f"myhostname = {NEW}"),
    ),
    ("cutover",): moment(
        "the MX record names the new name",
        Reach.CONTROLLER,
        "Every authoritative server answers with all records",
        lambda: mx() == NEW,
    ),
}


def mx() -> str:
    """Return whom alpha.test's MX record names."""
    (value,) = driver().read("alpha.test").values(Slot("alpha.test", "MX"))
    return value.split()[1].rstrip(".")


def standing(name: str) -> dict[str, bool]:
    """Return what stands at a name of alpha.test's, by kind, and whether it is to go."""
    zone = driver().read("alpha.test")
    mine = manifest.read(zone, "postwright").mine
    places = {Kind.A: name, Kind.AAAA: name, Kind.SPF: name, Kind.TLSA: f"_25._tcp.{name}"}
    claims = [Claim(kind, place) for kind, place in places.items()]
    return {
        claim.kind.value: mine[claim].due is not None
        for claim in claims
        if zone.values(claim.slot) and claim in mine
    }


def built(*words: str, books: Sequence[str] = PHASES) -> Play:
    """Run what changes hosts and zones of site.yml, or what is said, to its end."""
    run = play(*words, *books)
    assert run.status == 0, run.output[-4000:]
    return run


def refused(words: tuple[str, ...], *said: str) -> None:
    """Have preflight refuse an inventory, and say this."""
    run = play(*words, "playbooks/preflight.yml")
    assert run.status != 0
    assert [text for text in said if text not in run.output] == [], run.output[-4000:]


def sent_from(post: Post) -> set[str]:
    """Return the addresses that the peer sees a message of saburo's come from."""
    token, reply = post.send("saburo@gamma.test", "friend@peer.test")
    assert reply.startswith("250"), reply
    text = post.arrived("friend@peer.test", token)
    assert text is not None
    (line,) = re.findall(rb"^Received: from mx2\.gamma\.test \((.*?)\)\r?$", text, re.MULTILINE)
    return set(re.findall(r"\[(?:IPv6:)?([0-9a-f.:]+)\]", line.decode()))


def clients_are_told(name: str) -> None:
    """The settings for mail programs, the greeting and HELO are of this name."""
    assert f"<hostname>{name}</hostname>" in on("mx1", "cat", "/etc/nginx/autoconfig.xml")
    assert on("mx1", "postconf", "-hx", "smtpd_banner", "smtp_helo_name") == (
        f"{name} ESMTP\n{name}\n"
    )
    assert on("mx1", "hostname").strip() == name


@pytest.fixture
def put_back(bare: Callable[[], None]) -> Iterator[list[bool]]:
    """Where a test does not reach its end, hosts that are built anew."""
    reached: list[bool] = []
    yield reached
    if not reached:
        bare()
        built(books=["site.yml"])


@pytest.fixture
def inventories(
    facts: dict[str, Any], put_back: list[bool], tmp_path: Path
) -> Iterator[Inventories]:
    """The steps' inventories; mx2 has its further addresses meanwhile."""
    found = Inventories(facts, tmp_path)
    with further_addresses(found.new):
        yield found


def judged(say: Say, what: str, senders: Senders) -> None:
    """Enough handshakes were judged, and none was wrong."""
    say(f"    {what}: {senders.served.total()} handshakes, {len(senders.wrong)} wrong, "
        f"{senders.refused} without one; met {dict(senders.met)}")  # fmt: skip
    assert senders.wrong == []
    assert senders.served.total() >= LEAST


def passed(say: Say, what: str, stream: Stream) -> None:
    """The peer judged enough messages, and passed every one."""
    say(f"    {what}:")
    assert_all_passed(stream, say)


def test_another_name_and_another_address_under_load(
    facts: dict[str, Any],
    inventories: Inventories,
    put_back: list[bool],
    say: Say,
    tmp_path: Path,
) -> None:
    post, hosts = Post(facts), facts["hosts"]
    ways = facts["resolver"], hosts["ns1"]["ipv4"]
    refused(
        inventories.unstated,
        f"leave mail_hostname: {OLD}, state mail_other_names: [{NEW}]",
        f"leave mail_ipv4: {inventories.old[0]}, state mail_other_addresses",
    )
    with (
        mail_stream(facts, ("taro@alpha.test", "hanako@beta.test")) as named,
        mail_stream(facts, ("saburo@gamma.test",)) as moved,
        careful_senders("alpha.test", *ways, hosts["mx1"]["ipv4"]) as to_name,
        careful_senders("gamma.test", *ways, hosts["mx2"]["ipv4"]) as to_address,
        feed.fed(named.tag, LETTERS, ("taro@alpha.test", "saburo@gamma.test")) as letters,
    ):
        run = built(*inventories.beside)
        say(f"    after {run.seconds:.0f} s, both answer to what they are to be")
        refused(inventories.exchanged, f"{NEW} cannot be this host's name before",
                f"this host cannot send from {inventories.new[0]} before")  # fmt: skip
        assert (mx(), sent_from(post) <= {*inventories.old}) == (OLD, True)
        clients_are_told(OLD)
        a_day_passes()
        for phases, moment in MOMENTS.items():
            words = (*inventories.exchanged, *(f"playbooks/{phase}.yml" for phase in phases))
            seconds = run_until(moment, tmp_path / "killed.log", *words)
            say(f"    {phases[-1]} killed after {seconds:.0f} s, while {moment.during}")
        run = built(*inventories.exchanged, books=["site.yml"])
        say(f"    after {run.seconds:.0f} s, each has taken the other's place")
        assert (mx(), sent_from(post) <= {*inventories.new}) == (NEW, True)
        clients_are_told(NEW)
        run = built(*inventories.beside)
        say(f"    after {run.seconds:.0f} s, they are what they were")
        assert (mx(), sent_from(post) <= {*inventories.old}) == (OLD, True)
        refused((), f"{NEW} was this host's name until lately")
        a_day_passes()
        run = built()
        say(f"    after {run.seconds:.0f} s, nothing is left but what has its time")
        for each in (named, moved, to_name, to_address):
            each.reaches(LEAST)
    passed(say, "mx1 by another name", named)
    passed(say, "mx2 at other addresses", moved)
    judged(say, "mx1 by another name", to_name)
    judged(say, "mx2 at other addresses", to_address)
    letters.drained(300)
    found = feed.delivered("mx1", named.tag) + feed.delivered("mx2", named.tag)
    say(f"    {len(letters.acknowledged())} letters of the peer's, "
        f"{len(letters.acknowledged().keys() - found.keys())} missing, "
        f"{sum(count > 1 for count in found.values())} double")  # fmt: skip
    assert found.keys() == letters.acknowledged().keys()
    assert {NEW, OLD} == {each.split()[0] for each in to_name.met}
    assert {inventories.old[0], inventories.new[0]} == {each.split()[1] for each in to_address.met}
    assert standing(NEW) == {"a": True, "aaaa": True, "spf": True, "tlsa": True}
    assert standing(OLD) == {"a": False, "aaaa": False, "spf": False, "tlsa": False}
    again = play("playbooks/dns.yml")
    assert (again.status, changed(again)) == (0, 0), again.output[-4000:]
    put_back.append(True)
