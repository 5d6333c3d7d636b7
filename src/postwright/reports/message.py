"""Messages that carry reports (RFC 7489 7.2.1.1, RFC 9990 3.3, RFC 8460 5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

_TYPES = {
    "application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed",
    "application/tlsrpt+gzip", "application/tlsrpt+json", "application/json",
    "application/xml", "text/xml", "application/octet-stream",
}  # fmt: skip
_ENDING = re.compile(r"\.(xml|json|gz|gzip|zip)$", re.I)
# receiver ! policy domain ! begin ! end
_REPORT_NAME = re.compile(r"^[^!]+![^!]+!\d+!\d+")
_REPORT_SUBJECT = re.compile(r"\breport\s+domain\s*:", re.I)


def attachments(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield each attachment that may be a report, and whether the message says that it is one."""
    message = message_from_bytes(data)
    about_reports = bool(_REPORT_SUBJECT.search(str(message.get("Subject", ""))))
    for part in message.walk():
        if part.is_multipart():
            continue
        name = _file_name(part)
        if part.get_content_type() in _TYPES or _ENDING.search(name):
            yield _content(part), about_reports or _says_report(part, name)


def _says_report(part: Message, name: str) -> bool:
    return part.get_content_type().startswith("application/tlsrpt") or bool(
        _REPORT_NAME.match(name)
    )


def _file_name(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except (LookupError, TypeError, ValueError):  # RFC 2231 in words that nobody can read
        return ""


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
