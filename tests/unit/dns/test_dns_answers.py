"""Waiting for the authoritative servers."""

from __future__ import annotations

import errno
from collections.abc import Callable

import dns.flags
import dns.message
import dns.query
import dns.rrset
import pytest
from dns_samples import ZONE, txt, want

from postwright.dns import answers
from postwright.dns.answers import Authorities, Authority, Waiting, wait
from postwright.dns.claims import Kind, Want
from postwright.dns.errors import NotAnsweredError

FOUR = Authority(ZONE, "ns1.test", "198.18.0.1")
SIX = Authority(ZONE, "ns1.test", "2001:2::1")
WANT = want(Kind.SPF, ZONE, txt("v=spf1 ~all"))
QUICK = Waiting(timeout=0.2, interval=0.01)


class Known(Authorities):
    """Servers that are known without a resolver."""

    def __init__(self, *found: Authority) -> None:
        self.found = list(found)

    def of(self, zone: str) -> list[Authority]:
        return self.found


Ask = Callable[[Authority, Want], str | None]


def waited(monkeypatch: pytest.MonkeyPatch, ask: Ask, *found: Authority, **more: object) -> object:
    monkeypatch.setattr(answers, "ask", ask)
    return wait({ZONE: [WANT]}, Known(*found), QUICK if not more else Waiting(**more))  # type: ignore[arg-type]


def test_every_address_of_every_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = waited(monkeypatch, lambda *_: None, FOUR, SIX)
    assert seen == ["ns1.test (198.18.0.1)", "ns1.test (2001:2::1)"]


def test_a_late_server_is_waited_for_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, lines = [], []

    def ask(server: Authority, _: Want) -> str | None:
        calls.append(server)
        return "nothing" if server == SIX and calls.count(SIX) < 3 else None

    waited(monkeypatch, ask, FOUR, SIX, timeout=5, interval=0.01, progress=lines.append)
    assert calls.count(FOUR) == 1
    assert len(lines) == 2
    assert "ns1.test (2001:2::1)" in lines[0]


def test_past_the_bound_it_is_said_who_answers_what(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(server: Authority, _: Want) -> str | None:
        return '"v=spf1 -all"' if server == SIX else None

    message = r'ns1\.test \(2001:2::1\): alpha\.test TXT: answers "v=spf1 -all", not "v=spf1 ~all"'
    with pytest.raises(NotAnsweredError, match=message):
        waited(monkeypatch, ask, FOUR, SIX)


def test_without_ipv6_here_the_other_address_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(server: Authority, _: Want) -> str | None:
        if server == SIX:
            raise answers.NoRouteError
        return None

    assert waited(monkeypatch, ask, FOUR, SIX) == ["ns1.test (198.18.0.1)"]
    with pytest.raises(NotAnsweredError, match="no route"):
        waited(monkeypatch, ask, SIX)


def replied(monkeypatch: pytest.MonkeyPatch, *values: str, aa: bool = True) -> str | None:
    def reply(query: dns.message.Message, *_: object, **__: object) -> object:
        answer = dns.message.make_response(query)
        if aa:
            answer.flags |= dns.flags.AA
        if values:
            answer.answer = [dns.rrset.from_text(f"{ZONE}.", 60, "IN", "TXT", *values)]
        return answer, False

    monkeypatch.setattr(dns.query, "udp_with_fallback", reply)
    return answers.ask(FOUR, WANT)


def test_an_answer_is_judged_by_our_values_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert replied(monkeypatch, '"v=spf1 " "~all"', '"of others"') is None
    assert replied(monkeypatch, '"v=spf1 ~all"', '"v=spf1 -all"') is not None
    assert replied(monkeypatch, '"of others"') == "nothing"
    assert replied(monkeypatch) == "nothing"
    assert replied(monkeypatch, '"v=spf1 ~all"', aa=False) is not None


def test_a_refused_family_is_no_fault_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> object:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(dns.query, "udp_with_fallback", unreachable)
    with pytest.raises(answers.NoRouteError):
        answers.ask(SIX, WANT)
