"""Reports on TLS between servers (RFC 8460 section 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from .errors import ReportError, misfit
from .fields import Count, Moment, Part, RequiredDomain, Text, Word


def _no_none(value: object) -> object:
    return () if value is None else value


class DateRange(Part):
    """The period of a report."""

    start: Moment = Field(alias="start-datetime")
    end: Moment = Field(alias="end-datetime")


class Policy(Part):
    """What the sender had to go by: `sts`, `tlsa` or `no-policy-found`."""

    type: Word = Field(alias="policy-type")
    domain: RequiredDomain = Field(alias="policy-domain")


class Totals(Part):
    """How many sessions were made and how many were not."""

    successful: Count = Field(default=0, alias="total-successful-session-count")
    failed: Count = Field(default=0, alias="total-failure-session-count")


class Failure(Part):
    """Sessions that failed alike (RFC 8460 4.3)."""

    type: Word = Field(alias="result-type")
    count: Count = Field(default=0, alias="failed-session-count")
    mx: Text = Field(default="", alias="receiving-mx-hostname")
    sender: Text = Field(default="", alias="sending-mta-ip")
    reason: Text = Field(default="", alias="failure-reason-code")
    note: Text = Field(default="", alias="additional-information")

    def __str__(self) -> str:
        """Return what the sender said beside the type."""
        words = [f"at {self.mx}" if self.mx else "", f"from {self.sender}" if self.sender else ""]
        return " ".join(word for word in [*words, self.reason, self.note] if word)


class PolicyResult(Part):
    """How sessions under one policy went."""

    policy: Policy
    summary: Totals = Totals()
    failures: Annotated[tuple[Failure, ...], BeforeValidator(_no_none)] = Field(
        default=(), alias="failure-details"
    )


class TlsReport(Part):
    """What one sender saw of the TLS of those it sends to, in one period."""

    kind: Literal["tls"] = "tls"
    reporter: Text = Field(default="", alias="organization-name")
    report_id: Text = Field(default="", alias="report-id")
    date_range: DateRange = Field(alias="date-range")
    policies: Annotated[tuple[PolicyResult, ...], BeforeValidator(_no_none)] = ()

    @property
    def domains(self) -> Sequence[str]:
        """The domains that it is about."""
        return sorted({result.policy.domain for result in self.policies})

    @property
    def begin(self) -> Moment:
        """The first moment that it covers."""
        return self.date_range.start

    @property
    def end(self) -> Moment:
        """The last moment that it covers."""
        return self.date_range.end


def parse(document: bytes) -> TlsReport:
    """Return the report that a JSON document holds.

    Raises:
        ReportError: it is no such report.
    """
    try:
        return TlsReport.model_validate_json(document)
    except ValidationError as error:
        raise ReportError(f"it departs from RFC 8460 at {misfit(error)}") from None
