"""MTA-STS records, policies and the netstrings of the socketmap, good and bad."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwright.tls_policy.netstring import NotANetstringError, packed, read
from postwright.tls_policy.sts import InvalidPolicyError, Policy, identifier, parsed

LINES = ["version: STSv1", "mode: enforce", "mx: MX1.example.org", "mx: *.example.net"]
GOOD = "\r\n".join([*LINES, "max_age: 604800", ""])
POLICY = Policy("enforce", ("mx1.example.org", "*.example.net"), 604800)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=STSv1; id=20260101;"], "20260101"),
        (["v=STSv1;id=a1"], "a1"),
        (["v=STSv1; ext=1; id=a1; more=x"], "a1"),
        (["google-site-verification=x", "v=STSv1; id=a1"], "a1"),
        ([], None),
        (["v=STSv1; id=a1", "v=STSv1; id=a2"], None),
        (["v=STSv1; id="], None),
        (["v=STSv1; id=not-alnum"], None),
        ([f"v=STSv1; id={'a' * 33}"], None),
        (["id=a1; v=STSv1"], None),
        (["v=STSv10; id=a1"], None),
    ],
)
def test_one_record_states_one_id(texts: list[str], expected: str | None) -> None:
    assert identifier(texts) == expected


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\r\n", "\n"),
        GOOD.replace(": ", ":\t"),
        GOOD + "extension: whatever: {} =\r\n",
        GOOD + "mode: none\r\nmax_age: 1\r\n",
        "max_age: 604800\nmx: mx1.example.org\nmx: *.example.net\nmode: enforce\nversion: STSv1",
    ],
)
def test_a_policy_is_read_as_it_was_meant(text: str) -> None:
    assert parsed(text) == POLICY


def test_a_policy_of_mode_none_names_no_host() -> None:
    assert parsed("version: STSv1\nmode: none\nmax_age: 0\n") == Policy("none", (), 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: STSv1", "version: STSv2", "its version is not STSv1"),
        ("version: STSv1", "", "its version is not STSv1"),
        ("mode: enforce", "mode: Enforce", "its mode is 'Enforce'"),
        ("mode: enforce", "", "its mode is ''"),
        ("max_age: 604800", "", "its max_age is ''"),
        ("max_age: 604800", "max_age: -1", "its max_age is '-1'"),
        ("max_age: 604800", "max_age: 31557601", "its max_age is '31557601'"),
        ("max_age: 604800", "max_age: ٣", "its max_age is"),
        ("mx: *.example.net", "mx: mx.*.net", "no name of an MX host: 'mx.*.net'"),
        ("mx: *.example.net", "mx: a.test:b.test } {", "no name of an MX host"),
        ("mx: *.example.net", "<html>", "a line is no key and value: '<html>'"),
    ],
)
def test_a_bad_policy_is_none_and_says_why(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidPolicyError) as caught:
        parsed(GOOD.replace(old, new))
    assert said in str(caught.value)


def test_a_policy_without_hosts_is_none() -> None:
    with pytest.raises(InvalidPolicyError, match="names no MX host"):
        parsed("version: STSv1\nmode: testing\nmax_age: 1")


@given(st.text())
def test_nothing_that_a_stranger_publishes_gets_past_the_parser(text: str) -> None:
    for candidate in (text, f"{GOOD}{text}", f"{GOOD}mx: {text}"):
        try:
            policy = parsed(candidate)
        except InvalidPolicyError:
            continue
        # What is pasted into an answer to Postfix holds no blank, colon or brace.
        assert not set(" \t\r\n:{}=,") & set("".join(policy.mx))
        assert parsed("\n".join(policy.lines)) == policy


@given(st.lists(st.text(max_size=60)))
def test_netstrings_come_back_as_they_went(texts: list[str]) -> None:
    stream = BytesIO(b"".join(map(packed, texts)))
    assert [read(stream) for _ in texts] == texts
    assert read(stream) is None


@pytest.mark.parametrize("data", [b"x", b"5", b"5:ab,", b"2:abc", b"-1:,", b"1001:a", b"99999"])
def test_what_is_no_netstring_is_refused(data: bytes) -> None:
    with pytest.raises(NotANetstringError):
        read(BytesIO(data))
