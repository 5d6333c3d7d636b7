"""The driver of dynamic updates: the message it sends, and what it makes of refusals."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rrset
import dns.tsig
import pytest
from dns_samples import ZONE, task, txt, want, zone

from postwright.dns.claims import Kind, Phase
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.drivers.rfc2136 import update_message
from postwright.dns.drivers.wire import LostError, Wire
from postwright.dns.errors import (
    AmbiguousError,
    CredentialError,
    NotServedError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.planner import make_plan

SECRET = "c2VjcmV0LXNlY3JldA=="  # noqa: S105
SERVER = Server("lab", "198.18.0.1", 53, "key", "hmac-sha256", SECRET)
Answer = dns.message.Message


def test_prerequisites_are_every_touched_set_as_it_was_read() -> None:
    there = zone(("@", "TXT", '"chunked " "oddly"'))
    plan = make_plan("lab", there, task(phase=Phase.ANNOUNCE))
    update = update_message(ZONE, plan.changes)
    before = {(r.name.to_text(), r.rdclass, len(r)) for r in update.prerequisite}
    assert ("alpha.test.", dns.rdataclass.IN, 1) in before
    assert ("_postwright.alpha.test.", dns.rdataclass.NONE, 0) in before
    assert len(update.prerequisite) == len(plan.changes)
    apex = next(r for r in update.prerequisite if r.rdclass == dns.rdataclass.IN)
    assert apex[0].to_text() == '"chunked " "oddly"'
    assert not any(r.name.to_text() == "alpha.test." and len(r) == 0 for r in update.update)


def answer_of(code: dns.rcode.Rcode) -> Answer:
    answer = dns.message.make_response(dns.message.make_query(ZONE, "SOA"))
    answer.set_rcode(code)
    return answer


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (dns.rcode.NXRRSET, StalePlanError),
        (dns.rcode.YXRRSET, StalePlanError),
        (dns.rcode.REFUSED, CredentialError),
        (dns.rcode.NOTAUTH, NotServedError),
        (dns.rcode.SERVFAIL, AmbiguousError),
    ],
)
def test_a_refusal_says_what_it_means(
    code: dns.rcode.Rcode, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wire, "send", lambda *_: answer_of(code))
    changes = make_plan("lab", zone(), task(phase=Phase.ANNOUNCE)).changes
    with pytest.raises(error, match=r"198\.18\.0\.1|alpha\.test"):
        Rfc2136(SERVER).apply(ZONE, changes)


def zone_of(name: str, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(Wire, "ask", lambda *_: answer)
    return Rfc2136(SERVER).find_zone(name)


def test_an_authoritative_soa_names_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    soa = "ns1.test. hostmaster.test. 1 600 60 86400 1"
    answer = answer_of(dns.rcode.NXDOMAIN)
    answer.flags |= dns.flags.AA
    answer.authority = [dns.rrset.from_text("alpha.test.", 60, "IN", "SOA", soa)]
    assert zone_of("a.b.alpha.test", answer, monkeypatch) == "alpha.test"
    answer.flags &= ~dns.flags.AA
    assert zone_of("a.b.alpha.test", answer, monkeypatch) is None
    answer.flags |= dns.flags.AA
    answer.authority = [dns.rrset.from_text(".", 60, "IN", "SOA", soa)]
    assert zone_of("1.2.3.in-addr.arpa", answer, monkeypatch) is None
    assert zone_of("alpha.test", answer_of(dns.rcode.REFUSED), monkeypatch) is None


def test_a_key_refused_without_a_signature_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wire, "_raw", lambda *_: answer_of(dns.rcode.NOTAUTH).to_wire())
    with pytest.raises(CredentialError, match=r"dns_providers\.lab\.key_secret .*BADKEY") as seen:
        Rfc2136(SERVER).find_zone(ZONE)
    assert SECRET not in str(seen.value)


def test_a_zone_refused_without_a_signature_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wire, "_raw", lambda _, query: unsigned(query, dns.rcode.REFUSED))
    assert Rfc2136(SERVER).find_zone(ZONE) is None
    with pytest.raises(CredentialError, match="REFUSED"):
        Rfc2136(SERVER).apply(ZONE, make_plan("lab", zone(), task(phase=Phase.ANNOUNCE)).changes)


def unsigned(query: Answer, code: dns.rcode.Rcode) -> bytes:
    answer = dns.message.make_response(query)
    answer.keyring = answer.tsig = None
    answer.set_rcode(code)
    return answer.to_wire()


def test_a_lost_question_is_asked_again_and_a_lost_update_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def lost(*_: object) -> bytes:
        calls.append(1)
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(Wire, "_raw", lost)
    monkeypatch.setattr(Wire.ask.retry, "sleep", lambda _: None)  # type: ignore[attr-defined]
    with pytest.raises(LostError, match="reset"):
        Rfc2136(SERVER).find_zone(ZONE)
    assert len(calls) == 3
    with pytest.raises(AmbiguousError):
        Wire(SERVER).send(update_message(ZONE, []))
    assert len(calls) == 4


def test_txt_is_compared_joined() -> None:
    there = zone(("mx1", "TXT", '"v=spf1 ip4:198.18.0.21 " "-all"'))
    made = make_plan("lab", there, task(phase=Phase.ANNOUNCE, adopt=["mx1.alpha.test"]))
    assert not [c for c in made.changes if c.slot == ("mx1.alpha.test", "TXT")]
    assert txt("v=spf1 ip4:198.18.0.21 -all") not in [v for c in made.changes for v in c.add]


def test_an_update_that_no_message_holds_is_refused_before_it_is_sent() -> None:
    wants = [want(Kind.MX, f"d{number}.{ZONE}", "0 .") for number in range(1500)]
    changes = make_plan("lab", zone(), task(phase=Phase.CUTOVER, wanted=wants)).changes
    with pytest.raises(ProviderError, match=r"alpha\.test.*larger than a DNS message.*nothing was"):
        Rfc2136(SERVER).apply(ZONE, changes)
