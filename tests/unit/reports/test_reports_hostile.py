"""Whatever strangers send: a report, nothing, or an error with a name; never more."""

from __future__ import annotations

import gzip
import re
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import (
    DMARC_MAIL,
    GOOGLE,
    GZIPPED,
    STS,
    TLS_MAIL,
    mail,
    policy,
    tls,
    zipped,
)

from postwright.reports import aggregate
from postwright.reports.document import read
from postwright.reports.errors import ReportError
from postwright.reports.unpack import MAX_BYTES, MAX_MEMBERS, unpack

LAUGHS = b"""<!DOCTYPE feedback [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<feedback><report_metadata><org_name>&b;</org_name></report_metadata></feedback>"""
OUTSIDE = b"""<!DOCTYPE feedback [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<feedback><report_metadata><org_name>&a;</org_name></report_metadata></feedback>"""


def encrypted() -> bytes:
    data = bytearray(zipped(report__xml=GOOGLE))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (LAUGHS, "declares a document type or entities"),
        (OUTSIDE, "declares a document type or entities"),
        (GZIPPED[:-20], "cut off"),
        (GZIPPED[:40] + b"\xff" * 40, "gzip data is"),
        (zipped(report__xml=GOOGLE)[:-30], "zip data is broken"),
        (encrypted(), "encrypted"),
        (gzip.compress(gzip.compress(GZIPPED)), "packed too often"),
        (zipped(**{f"r{n}": GOOGLE for n in range(MAX_MEMBERS + 1)}), "more than 16 files"),
        (zipped(photo__jpg=b"\xff\xd8\xff"), "neither XML"),
        (b"<html><body>moved</body></html>", "no DMARC report: its root is html"),
        (GOOGLE[:700], "XML is broken"),
        (GOOGLE.replace(b"<count>12<", b"<count>-1<"), "records.0.count"),
        (GOOGLE.replace(b"<count>12<", b"<count>many<"), "records.0.count"),
        (GOOGLE.replace(b">198.18.0.21<", b">mx1<"), "records.0.source"),
        (GOOGLE.replace(b">1763942400<", b">9" + b"9" * 40 + b"<"), "begin"),
        (GOOGLE.replace(b"<domain>alpha.test</domain><adkim>", b"<adkim>"), "domain"),
        (b"{", "RFC 8460"),
        (b'{"policies": 7}', "date-range"),
        (tls({"policy": []}), "policies.0"),
        (tls(policy("sts", 10**40, 0)), "total-successful"),
        (tls(STS, **{"date-range": "yesterday"}), "date-range"),
        (b"{" + b'"a":[' * 99999, "RFC 8460"),
        (mail(GZIPPED[:-20], "application/gzip", "a.gz"), "cut off"),
        (mail(GZIPPED[:-20], "application/gzip", "peer.test!alpha.test!1!2.gz", "x"), "cut off"),
        (mail(b"", "application/tlsrpt+gzip", "a.gz", "x"), "neither"),
    ],
)
def test_what_is_broken_is_named(data: bytes, what: str) -> None:
    with pytest.raises(ReportError, match=re.escape(what)):
        read(data)


def test_what_does_not_claim_to_be_a_report_is_let_be() -> None:
    assert read(mail(GZIPPED[:-20], "application/gzip", "photos.gz", "Holiday")) == []


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = b"\0" * 2**20
    return b"".join(packer.compress(block) for _ in range(64)) + packer.flush()


@pytest.mark.parametrize("pack", [gzip_bomb, lambda: zipped(bomb__xml=b" " * (5 * MAX_BYTES))])
def test_a_bomb_is_not_unpacked_beyond_its_bound(pack: object) -> None:
    bomb = pack()  # type: ignore[operator]
    tracemalloc.start()
    with pytest.raises(ReportError, match="more than 32 MiB"):
        read(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_BYTES


def test_a_size_that_lies_is_not_believed() -> None:
    data = bytearray(zipped(bomb__xml=b" " * (MAX_BYTES + 1)))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    with pytest.raises(ReportError, match=r"zip data is broken|more than 32 MiB"):
        read(bytes(data))


def test_many_small_archives_are_bounded_together() -> None:
    part = gzip.compress(b" " * (MAX_BYTES // 2))
    with pytest.raises(ReportError, match="more than 32 MiB"):
        unpack(zipped(a=part, b=part, c=part))


def test_a_members_name_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (report,) = read(zipped(**{"../../../../tmp/evil__xml": GOOGLE}))
    assert report.domains == ("alpha.test",)
    assert list(tmp_path.iterdir()) == []


def test_elements_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "MAX_ELEMENTS", 1000)
    with pytest.raises(ReportError, match="more than 1,000 elements"):
        read(b"<feedback>" + b"<a/>" * 1000 + b"</feedback>")


def test_deep_nesting_is_no_harm() -> None:
    deep = b"<a>" * 20_000 + b"</a>" * 20_000
    (report,) = read(GOOGLE.replace(b"<np>reject</np>", deep))
    assert report.domains == ("alpha.test",)


def raises_nothing_else(data: bytes) -> None:
    said = ""
    try:
        read(data)
    except ReportError as error:
        said = error.what
    assert not said or said.isprintable()


@given(st.binary(max_size=400), st.sampled_from([b"", b"<", b"{", b"PK\x03\x04", b"\x1f\x8b\x08"]))
def test_any_bytes_give_a_named_error_at_most(data: bytes, start: bytes) -> None:
    raises_nothing_else(start + data)


@given(
    st.sampled_from([GOOGLE, GZIPPED, zipped(r__xml=GOOGLE), tls(STS), DMARC_MAIL, TLS_MAIL]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_any_damage_gives_a_named_error_at_most(
    sample: bytes, changes: list[tuple[float, int]], keep: float
) -> None:
    data = bytearray(sample)
    for place, value in changes:
        data[int(place * len(data))] = value
    raises_nothing_else(bytes(data[: max(1, int(len(data) * keep))]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["policy", "policies", "summary", "policy-type"]), inner)
    ),
    max_leaves=4,
)


@given(JSON, st.sampled_from(["policies", "date-range", "organization-name", "report-id"]))
def test_any_json_gives_a_named_error_at_most(value: object, key: str) -> None:
    raises_nothing_else(tls(STS, **{key: value}))


@given(st.text(max_size=60), st.sampled_from([b"12", b"198.18.0.21", b"1763942400", b"alpha.test"]))
def test_any_text_in_an_element_gives_a_named_error_at_most(text: str, place: bytes) -> None:
    raises_nothing_else(GOOGLE.replace(place, text.encode("utf-8", "replace")))
