"""From bytes to reports: what it is, is told by its content, not by a name or media type."""

from __future__ import annotations

from . import aggregate, tlsrpt
from .aggregate import AggregateReport
from .errors import ReportError
from .message import attachments
from .tlsrpt import TlsReport
from .unpack import is_archive, unpack

Report = AggregateReport | TlsReport

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read(data: bytes) -> list[Report]:
    """Return the reports in a report file, an archive of them, or a message; none in other mail.

    Raises:
        ReportError: it is a report, or says that it carries one, and cannot be read.
    """
    if is_archive(data) or _is_document(data):
        return _reports(data)
    return [report for attachment in attachments(data) for report in _attached(*attachment)]


def _attached(content: bytes, claimed: bool) -> list[Report]:
    """Return the reports of an attachment; other people's attachments are none of our business."""
    try:
        return _reports(content)
    except ReportError:
        if claimed:
            raise
        return []


def _reports(data: bytes) -> list[Report]:
    documents = unpack(data)
    if not documents:
        raise ReportError("its archive is empty")
    return [_parsed(document) for document in documents]


def _parsed(document: bytes) -> Report:
    if not _is_document(document):
        raise ReportError("it is neither XML (DMARC) nor JSON (TLS)")
    document = document.removeprefix(_UTF8_MARK).lstrip()
    return tlsrpt.parse(document) if document.startswith(b"{") else aggregate.parse(document)


def _is_document(data: bytes) -> bool:
    start = data[:1024].removeprefix(_UTF8_MARK).lstrip()
    return start.startswith((b"<", b"{", *_UTF16_MARKS))
