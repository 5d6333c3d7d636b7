"""The TXT codec and the merging of SPF records."""

from __future__ import annotations

import pytest

from postwright.dns import spf
from postwright.dns.records import canonical
from postwright.dns.txt import decode, encode


@pytest.mark.parametrize(("length", "strings"), [(0, 1), (255, 1), (256, 2), (510, 2), (766, 4)])
def test_a_value_is_cut_into_strings_of_255_bytes(length: int, strings: int) -> None:
    text = encode(b"x" * length)
    assert text.count('"') == 2 * strings
    assert decode(text) == b"x" * length


def test_chunks_mean_nothing_and_content_does() -> None:
    assert canonical("TXT", '"v=spf1 " "-all"') == canonical("TXT", '"v=spf1 -all"')
    assert canonical("TXT", '"v=spf1 -ALL"') != canonical("TXT", '"v=spf1 -all"')


def test_names_compare_without_regard_to_case() -> None:
    assert canonical("MX", "10 MX1.Alpha.TEST.") == canonical("MX", "10 mx1.alpha.test.")
    assert canonical("AAAA", "2001:2:0:0::1") == canonical("AAAA", "2001:2::1")


def test_awkward_characters_survive() -> None:
    value = b'a "quoted" \\ back; semi, \xc3\xa9 \x00'
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("foreign", "merged"),
    [
        ("v=spf1 mx +a ?all", "v=spf1 ip4:1.2.3.4 mx a ~all"),
        ("v=spf1 mx -all", "v=spf1 ip4:1.2.3.4 mx -all"),
        ("v=spf1 redirect=_spf.b.test", "v=spf1 ip4:1.2.3.4 include:_spf.b.test ~all"),
        ("v=spf1 IP4:1.2.3.4 exp=e.b.test ~all", "v=spf1 ip4:1.2.3.4 ~all exp=e.b.test"),
        ("v=spf1 exists:%{i}._s.b.test +all", "v=spf1 ip4:1.2.3.4 exists:%{i}._s.b.test ~all"),
    ],
)
def test_merging_keeps_who_may_send(foreign: str, merged: str) -> None:
    ours = "v=spf1 ip4:1.2.3.4 ~all"
    assert spf.merge(ours, spf.foreign_terms([foreign])) == merged
    assert spf.merge(merged, spf.terms(merged)) == merged


def test_look_ups_are_counted_as_receivers_count_them() -> None:
    record = "v=spf1 a a:b.test mx/24 include:c.test ip4:1.2.3.4 exists:d.test ptr exp=e.test ~all"
    assert spf.lookups(record) == 6
