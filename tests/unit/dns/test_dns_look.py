"""Look-ups through a resolver, and what has been published by others already."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
import pytest
from dns_samples import txt, want

from postwright.dns.claims import Kind
from postwright.dns.look import PATIENCE, LookupFailedError, resolver_look, unanswered


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Have every question fail so; return the names asked for."""
    asked: list[str] = []

    def resolve(_: dns.resolver.Resolver, name: str, *__: Any, **___: Any) -> None:
        asked.append(name)
        raise error

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    return asked


def test_a_name_that_does_not_exist_has_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, dns.resolver.NXDOMAIN())
    look = resolver_look(["198.18.0.1"])
    assert [look("a.test", "CAA"), look("a.test", "CAA")] == [(), ()]
    assert asked == ["a.test."]


def test_a_dead_resolver_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, dns.exception.Timeout())
    look = resolver_look(["198.18.0.1"])
    for number in range(20):
        with pytest.raises(LookupFailedError, match="Timeout"):
            look(f"d{number}.test", "CAA")
    assert len(asked) == PATIENCE


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ((txt("v=DMARC1;"),), True),
        ((txt("v=DMARC1;"), txt("of others")), True),
        ((txt("of others"),), False),
        ((), False),
    ],
)
def test_what_others_have_published_needs_no_asking(values: tuple[str, ...], there: bool) -> None:
    asked = want(Kind.DMARC_REPORT, "a.test._report._dmarc.b.test", txt("v=DMARC1;"))
    assert unanswered([asked], lambda *_: values) == ([] if there else [asked])


def test_what_cannot_be_asked_is_asked_for() -> None:
    def look(name: str, kind: str) -> tuple[str, ...]:
        raise LookupFailedError("timeout")

    asked = want(Kind.PTR, "1.0.18.198.in-addr.arpa", "mx1.alpha.test.")
    assert unanswered([asked], look) == [asked]
