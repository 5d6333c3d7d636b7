"""What Postfix is told, for every mixture of DANE, MTA-STS and failed look-ups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwright.tls_policy.decision import Decision, Host, Mx, Route, Tlsa, by_dns, by_policy
from postwright.tls_policy.sts import Policy

ENFORCE = Policy("enforce", ("mx1.example.org", "*.example.net"), 86400)
TESTING = Policy("testing", ("mx1.example.org",), 86400)
SECURE = "OK secure match=mx1.example.org:.example.net servername=hostname"

U, X, N, F, A = Tlsa.USABLE, Tlsa.UNUSABLE, Tlsa.NONE, Tlsa.FAILED, Tlsa.ABSENT


def decided(route: Route, policy: Policy | None, reports: bool = False) -> Decision:
    return by_dns(route) or by_policy(route, "example.org", policy, reports)


def found(*tlsa: Tlsa, secure: bool = True) -> Route:
    hosts = tuple(Host(f"mx{n}.example.org", each, "why") for n, each in enumerate(tlsa, 1))
    return Route(Mx.FOUND, secure, hosts)


@pytest.mark.parametrize(
    ("route", "policy", "answer"),
    [
        (found(U), None, "OK dane-only"),
        (found(U, U), ENFORCE, "OK dane-only"),
        (found(U, A), None, "OK dane-only"),
        (found(U, N), None, "OK dane"),
        (found(U, N), TESTING, "OK dane"),
        (found(U, N), ENFORCE, "OK dane-only"),
        (found(U, F), ENFORCE, "OK dane-only"),
        (found(N), None, "NOTFOUND "),
        (found(N), TESTING, "NOTFOUND "),
        (found(N), ENFORCE, SECURE),
        (found(X), None, "NOTFOUND "),
        (found(X), ENFORCE, SECURE),
        (found(U, secure=False), None, "OK dane"),
        (found(U, secure=False), ENFORCE, SECURE),
        (found(F), None, "TEMP mx1.example.org: why"),
        (found(F), ENFORCE, "TEMP mx1.example.org: why"),
        (found(F, N), ENFORCE, "TEMP MTA-STS must not override DANE; mx1.example.org: why"),
        (found(F, N), None, "NOTFOUND "),
        (Route(Mx.FAILED, why="bogus"), ENFORCE, "TEMP its MX records cannot be had: bogus"),
        (Route(Mx.NO_MAIL), ENFORCE, "NOTFOUND "),
        (found(A), ENFORCE, "NOTFOUND "),
    ],
)
def test_each_mixture_has_its_answer(route: Route, policy: Policy | None, answer: str) -> None:
    assert decided(route, policy).answer == answer


def test_postfix_that_reports_gets_the_policy_too() -> None:
    answer = decided(found(N), ENFORCE, reports=True).answer
    assert answer.startswith(f"{SECURE} policy_type=sts policy_domain=example.org ")
    assert "{ policy_string = mode: enforce } { policy_string = mx: mx1.example.org }" in answer
    assert answer.endswith("mx_host_pattern=mx1.example.org mx_host_pattern=*.example.net")


ROUTES = st.builds(
    lambda tlsa, secure: found(*tlsa, secure=secure),
    st.lists(st.sampled_from(Tlsa), min_size=1, max_size=4),
    st.booleans(),
)


@given(ROUTES, st.sampled_from([None, TESTING, ENFORCE]))
def test_no_promise_is_ever_broken(route: Route, policy: Policy | None) -> None:
    answer = decided(route, policy).answer
    there = [host for host in route.hosts if host.tlsa is not A]
    dane = route.secure and any(host.tlsa is U for host in there)
    if dane:
        assert not answer.startswith("OK secure")
        assert answer != "NOTFOUND "
    if policy is ENFORCE and there:
        assert answer.startswith(("OK dane-only", "OK secure", "TEMP "))
    if there and all(host.tlsa is F for host in there):
        assert answer.startswith("TEMP ")
