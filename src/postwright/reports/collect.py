"""All reports of one run: each counted once, and what cannot be read named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from .document import Report, read
from .errors import ReportError
from .sources import Item


@dataclass
class Collected:
    """What was found.

    Attributes:
        reports: each report once.
        duplicates: how many came again.
        older: how many were left out as older than asked for.
        other: how many messages of the mailboxes carry no report.
        broken: what could not be read, and why.
    """

    reports: list[Report] = field(default_factory=list)
    duplicates: int = 0
    older: int = 0
    other: int = 0
    broken: list[str] = field(default_factory=list)


def collect(found: Iterable[Item | ReportError], since: date | None = None) -> Collected:
    """Read everything; a broken report does not keep the others from being counted."""
    collected = Collected()
    seen: set[tuple[object, ...]] = set()
    start = datetime.combine(since, time(), UTC) if since else None
    for item in found:
        for report in _reports(item, collected):
            if identity(report) in seen:
                collected.duplicates += 1
            elif start and report.end < start:
                collected.older += 1
            else:
                collected.reports.append(report)
            seen.add(identity(report))
    return collected


def identity(report: Report) -> tuple[object, ...]:
    """Return what makes two reports the same: reporters send one again where delivery was slow.

    An id is unique to its reporter at best, so domain and period count too (RFC 9990 3.1.1).
    """
    return (
        report.kind, report.reporter.lower(), report.report_id, tuple(report.domains),
        report.begin, report.end,
    )  # fmt: skip


def _reports(item: Item | ReportError, collected: Collected) -> list[Report]:
    if isinstance(item, ReportError):
        collected.broken.append(str(item))
        return []
    try:
        reports = read(item.data)
    except ReportError as error:
        collected.broken.append(f"{item.name}: {error}")
        return []
    if not reports and item.mailbox:
        collected.other += 1
    elif not reports:
        collected.broken.append(f"{item.name}: there is no report in it")
    return reports
