"""How look-ups become facts, policies are kept and renewed, and one look serves many."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.rdata
import pytest

from postwright.tls_policy.decision import Decision, Mx, Route, Tlsa
from postwright.tls_policy.fetch import FetchError
from postwright.tls_policy.lookup import Found, Reply, ascii_name, mail_host, route, usable
from postwright.tls_policy.policies import REFRESH, RETRY, Policies, UnknownPolicyError
from postwright.tls_policy.service import Judgement, Service, explained
from postwright.tls_policy.store import Store

POLICY = "version: STSv1\nmode: {}\nmx: mx1.example.org\nmax_age: 604800\n"
NOTHING, NO_NAME = Reply(Found.NOTHING, True), Reply(Found.NO_NAME, True)
FAILED = Reply(Found.FAILED, why="SERVFAIL")


def reply(kind: str, *texts: str, secure: bool = True, name: str = "") -> Reply:
    records = tuple(dns.rdata.from_text("IN", kind, text) for text in texts)
    return Reply(Found.RECORDS, secure, records, name)


TLSA = reply("TLSA", f"3 1 1 {'ab' * 32}")


def zone(**replies: Reply) -> Callable[[str, str], Reply]:
    """Return a resolver that knows these answers, by type and first label."""
    return lambda name, kind: replies.get(f"{kind}_{name.split('.')[0].lstrip('_')}", NOTHING)


def test_hosts_are_looked_at_in_order_of_preference() -> None:
    mx = reply("MX", "20 Mx2.example.org.", "10 mx1.example.org.")
    seen = route(zone(MX_example=mx, A_mx1=reply("A", "198.51.100.1", name="mx1.example.org")),
                 "example.org")  # fmt: skip
    assert [(host.name, host.tlsa) for host in seen.hosts] == [
        ("mx1.example.org", Tlsa.NONE),
        ("mx2.example.org", Tlsa.ABSENT),
    ]
    assert seen.secure


@pytest.mark.parametrize(
    ("mx", "expected"),
    [(FAILED, Mx.FAILED), (NO_NAME, Mx.NO_MAIL), (reply("MX", "0 ."), Mx.NO_MAIL)],
)
def test_domains_without_mail_and_failures_are_told_apart(mx: Reply, expected: Mx) -> None:
    assert route(zone(MX_example=mx), "example.org").mx is expected


def test_a_domain_without_mx_is_its_own_host() -> None:
    address = reply("A", "198.51.100.1", name="example.org")
    seen = route(zone(A_example=address, TLSA_25=TLSA), "example.org")
    assert [(host.name, host.tlsa) for host in seen.hosts] == [("example.org", Tlsa.USABLE)]


@pytest.mark.parametrize(
    ("address", "tlsa", "expected"),
    [
        (reply("A", "198.51.100.1", name="mx1"), TLSA, Tlsa.USABLE),
        (reply("A", "198.51.100.1", name="mx1"), FAILED, Tlsa.FAILED),
        (
            reply("A", "198.51.100.1", name="mx1"),
            reply("TLSA", f"1 1 1 {'ab' * 32}"),
            Tlsa.UNUSABLE,
        ),
        # An unsigned zone is not asked for TLSA records: some of their servers fail on them.
        (reply("A", "198.51.100.1", secure=False, name="mx1"), FAILED, Tlsa.NONE),
        (FAILED, TLSA, Tlsa.FAILED),
        (NO_NAME, TLSA, Tlsa.ABSENT),
    ],
)
def test_tlsa_counts_where_addresses_are_validated(
    address: Reply, tlsa: Reply, expected: Tlsa
) -> None:
    assert mail_host(zone(A_mx1=address, TLSA_25=tlsa), "mx1").tlsa is expected


def test_smtp_uses_dane_ta_and_dane_ee_alone() -> None:
    digest = bytes(32)
    assert usable(3, 1, 1, digest)
    assert usable(2, 0, 2, digest * 2)
    assert not usable(1, 1, 1, digest)
    assert not usable(3, 1, 1, digest[1:])
    assert not usable(3, 1, 3, digest)


def test_names_are_asked_for_as_dns_has_them() -> None:
    assert ascii_name("Bücher.Example") == "xn--bcher-kva.example"
    assert ascii_name("a..b") is None
    assert ascii_name("") is None


@dataclass
class World:
    """A domain's TXT record and policy file, a clock, and what was fetched."""

    file: Path
    txt: Reply = NOTHING
    text: str | FetchError = ""
    time: float = 1_800_000_000
    fetched: list[str] = field(default_factory=list)

    def policies(self) -> Policies:
        """Return the policies as a freshly started daemon has them."""
        return Policies(lambda *_: self.txt, self.fetch, Store(self.file), lambda: self.time)

    def fetch(self, domain: str) -> str:
        """Answer as the policy host does."""
        self.fetched.append(domain)
        if isinstance(self.text, FetchError):
            raise self.text
        return self.text

    def mode(self, policies: Policies, signed: bool = True) -> str | None:
        """Return the mode of the policy in force."""
        policy = policies.of("example.org", signed).policy
        return policy.mode if policy else None


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A domain with a policy to enforce."""
    return World(tmp_path / "p.sqlite", reply("TXT", '"v=STSv1; id=1"'), POLICY.format("enforce"))


DOWN = FetchError("connection refused")


def test_a_policy_is_fetched_once_and_outlives_a_restart(world: World) -> None:
    assert world.mode(world.policies()) == "enforce"
    world.text = DOWN
    assert world.mode(world.policies()) == "enforce"
    assert world.fetched == ["example.org"]


def test_a_new_id_brings_the_new_policy(world: World) -> None:
    policies = world.policies()
    world.mode(policies)
    world.txt, world.text = reply("TXT", '"v=STSv1; id=2"'), POLICY.format("testing")
    assert world.mode(policies) == "testing"


@pytest.mark.parametrize("txt", [NOTHING, FAILED, reply("TXT", '"v=STSv1; id=2"')])
def test_a_kept_policy_holds_until_its_end_whatever_fails(world: World, txt: Reply) -> None:
    policies = world.policies()
    world.mode(policies)
    world.txt, world.text = txt, DOWN
    world.time += 604799
    assert world.mode(policies) == "enforce"
    world.time += 1
    assert world.mode(policies, signed=False) is None


def test_a_failed_fetch_is_no_policy_and_not_repeated_at_once(world: World) -> None:
    policies, good = world.policies(), world.text
    world.text = DOWN
    assert world.mode(policies) is None
    world.text = good
    assert world.mode(policies) is None
    assert len(world.fetched) == 1
    world.time += RETRY
    assert world.mode(policies) == "enforce"


def test_a_failed_record_of_a_signed_zone_holds_mail(world: World) -> None:
    world.txt = FAILED
    with pytest.raises(UnknownPolicyError, match="SERVFAIL"):
        world.mode(world.policies())
    assert world.mode(world.policies(), signed=False) is None


def test_policies_in_use_are_refreshed_and_others_forgotten(world: World) -> None:
    policies = world.policies()
    world.mode(policies)
    world.time += REFRESH + 1
    policies.refresh()
    assert len(world.fetched) == 2
    world.time += 604801
    policies.refresh()
    assert len(world.fetched) == 2
    assert policies.store.all() == []


def judged(domain: str, answer: str = "OK dane-only") -> Judgement:
    return Judgement(domain, Route(Mx.NO_MAIL), None, Decision(answer, "because"))


def test_callers_for_one_domain_share_one_look_and_hold_up_nobody() -> None:
    release, started, looks = threading.Event(), threading.Event(), []

    def look(domain: str) -> Judgement:
        looks.append(domain)
        if domain == "slow.example":
            started.set()
            assert release.wait(10)
        return judged(domain)

    service = Service(look, lambda _: None)
    answers: list[str] = []
    ask: Any = lambda: answers.append(service.answer("policy slow.example"))  # noqa: E731
    callers = [threading.Thread(target=ask) for _ in range(5)]
    for caller in callers:
        caller.start()
    assert started.wait(10)
    assert service.answer("policy quick.example") == "OK dane-only"
    release.set()
    for caller in callers:
        caller.join(10)
    assert answers == ["OK dane-only"] * 5


def test_the_journal_hears_of_changes_alone() -> None:
    said: list[str] = []
    now = SimpleNamespace(answer="NOTFOUND ")
    service = Service(lambda domain: judged(domain, now.answer), said.append)
    for now.answer in ("NOTFOUND ", "OK dane-only", "OK dane-only", "NOTFOUND "):
        assert service.answer("policy Example.ORG") == now.answer
    assert said == ["example.org: OK dane-only (because)", "example.org: NOTFOUND (because)"]


@pytest.mark.parametrize("key", ["[mx.example.org]:587", "[192.0.2.1]", ".org", "a.b:25", ""])
def test_only_bare_domains_are_looked_at(key: str) -> None:
    looks: list[str] = []

    def look(domain: str) -> Judgement:
        looks.append(domain)
        return judged(domain)

    answer = Service(look, looks.append)
    assert answer.answer(f"policy {key}") == "NOTFOUND "
    assert looks == []


def test_a_judgement_tells_an_operator_what_it_rests_on() -> None:
    held = Route(Mx.FAILED, why="example.org MX: the resolver answers SERVFAIL")
    text = explained(Judgement("example.org", held, None, Decision("TEMP x", "mail waits")))
    assert "MX       example.org MX: the resolver answers SERVFAIL" in text
    assert text.endswith("because  mail waits")
