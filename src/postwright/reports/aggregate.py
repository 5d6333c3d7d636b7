"""DMARC aggregate reports, as RFC 7489 appendix C and RFC 9990 appendix A have them.

Elements are found by their local names: most reports have no namespace, those of RFC 9990 have
`urn:ietf:params:xml:ns:dmarc-2.0`, some older ones that of the draft.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Literal, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import Field, ValidationError

from .errors import ReportError, misfit, printable
from .fields import Address, Count, DomainName, Moment, Part, RequiredDomain, Text, Word

MAX_ELEMENTS = 1_000_000
"""About 40,000 records; the tree of so many takes some 200 MiB."""


class AuthResult(Part):
    """What SPF or DKIM said by itself, before alignment was looked at."""

    method: Literal["SPF", "DKIM"]
    domain: DomainName = ""
    selector: Text = ""
    result: Word = ""

    def __str__(self) -> str:
        """Return for example `DKIM fail for example.org (selector mx1)`."""
        selector = f" (selector {self.selector})" if self.selector else ""
        return f"{self.method} {self.result or 'unknown'} for {self.domain or '?'}{selector}"


class Record(Part):
    """Messages of one source that fared alike.

    `dkim` and `spf` are whether each passed *and* is aligned with the From: domain; either makes
    DMARC pass (RFC 9989 5.3).
    """

    source: Address
    count: Count
    disposition: Word = "none"
    dkim: bool = False
    spf: bool = False
    header_from: DomainName = ""
    reasons: tuple[Word, ...] = ()
    results: tuple[AuthResult, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether DMARC passed."""
        return self.dkim or self.spf


class AggregateReport(Part):
    """What one receiver saw of one domain's mail in one period."""

    kind: Literal["dmarc"] = "dmarc"
    reporter: Text = Field(min_length=1)
    report_id: Text = ""
    begin: Moment
    end: Moment
    domain: RequiredDomain
    policy: Word = ""
    records: tuple[Record, ...] = ()

    @property
    def domains(self) -> tuple[str, ...]:
        """The one domain that it is about."""
        return (self.domain,)


def parse(document: bytes) -> AggregateReport:
    """Return the report that an XML document holds.

    Raises:
        ReportError: it is no such report, is not well-formed, or declares entities.
    """
    root = _tree(document)
    if _local(root) != "feedback":
        raise ReportError(f"it is XML, but no DMARC report: its root is {printable(root.tag, 60)}")
    try:
        return AggregateReport.model_validate(_report(root))
    except ValidationError as error:
        raise ReportError(f"it departs from RFC 9990 at {misfit(error)}") from None


def _tree(document: bytes) -> Element:
    try:
        return _parsed(document)
    except ReportError:
        # Names in another encoding than the one stated are seen: what is unreadable becomes U+FFFD.
        if _is_utf8(document):
            raise
        return _parsed(document.decode("utf-8", "replace").encode())


def _parsed(document: bytes) -> Element:
    """Return the root. No DTD is taken, so no entity can be declared (XML 1.0 4.2)."""
    try:
        events = iterparse(io.BytesIO(document), events=("start",), forbid_dtd=True)
        _, root = next(iter(events))
        for number, _ in enumerate(events, start=2):
            if number > MAX_ELEMENTS:
                raise ReportError(f"it has more than {MAX_ELEMENTS:,} elements")
    except DefusedXmlException:
        raise ReportError("it declares a document type or entities, which no report does") from None
    except (ParseError, LookupError, ValueError) as error:
        raise ReportError(f"its XML is broken: {printable(str(error))}") from None
    return cast(Element, root)


def _is_utf8(document: bytes) -> bool:
    try:
        document.decode()
    except UnicodeDecodeError:
        return False
    return True


def _report(root: Element) -> dict[str, object]:
    metadata, policy = _child(root, "report_metadata"), _child(root, "policy_published")
    period = _child(metadata, "date_range")
    return {
        "reporter": _text(metadata, "org_name") or _text(metadata, "email"),
        "report_id": _text(metadata, "report_id"),
        "begin": _text(period, "begin"),
        "end": _text(period, "end"),
        "domain": _text(policy, "domain"),
        "policy": _text(policy, "p"),
        "records": [_record(record) for record in _children(root, "record")],
    }


def _record(record: Element) -> dict[str, object]:
    row = _child(record, "row")
    evaluated = _child(row, "policy_evaluated")
    results = _child(record, "auth_results")
    return {
        "source": _text(row, "source_ip"),
        "count": _text(row, "count"),
        "disposition": _text(evaluated, "disposition") or "none",
        "dkim": _text(evaluated, "dkim").lower() == "pass",
        "spf": _text(evaluated, "spf").lower() == "pass",
        "header_from": _text(_child(record, "identifiers"), "header_from"),
        "reasons": [
            reason for each in _children(evaluated, "reason") if (reason := _text(each, "type"))
        ],
        "results": [
            {
                "method": _local(each).upper(),
                "domain": _text(each, "domain"),
                "selector": _text(each, "selector"),
                "result": _text(each, "result"),
            }
            for name in ("spf", "dkim")
            for each in _children(results, name)
        ],
    }


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _children(element: Element | None, name: str) -> Iterator[Element]:
    return (child for child in (element if element is not None else ()) if _local(child) == name)


def _child(element: Element | None, name: str) -> Element | None:
    return next(_children(element, name), None)


def _text(element: Element | None, name: str) -> str:
    """Return a child's text without the space around it; empty where there is none."""
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""
