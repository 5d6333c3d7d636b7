"""SPF records as terms (RFC 7208 4.6): merging two senders' policies into one record.

A name has one SPF record or none (RFC 7208 4.5), so whoever sends for a domain has to stand in it.
"""

from __future__ import annotations

from collections.abc import Iterable

VERSION = "v=spf1"
LOOKUPS = ("include", "a", "mx", "ptr", "exists", "redirect")
LOOKUP_LIMIT = 10
"""Terms that cost a DNS look-up; more are a permanent error (RFC 7208 4.6.4)."""


def terms(record: str) -> tuple[str, ...]:
    """Return a record's terms without the version, in order, without an implied `+`."""
    return tuple(term.removeprefix("+") for term in record.split()[1:])


def senders(record: str) -> tuple[str, ...]:
    """Return a record's terms but `all`: whom it names, not what becomes of the rest."""
    return tuple(term for term in terms(record) if not _is_all(term))


def foreign_terms(records: Iterable[str]) -> tuple[str, ...]:
    """Return what has to be kept of records that are adopted.

    `redirect=` works only without an `all` (RFC 7208 6.1), and ours has one: it becomes an
    `include:`, which passes the same senders. Of the `all` terms only `-all` is kept, so that
    nobody's strict policy gets softer; `?all` and `+all` would void ours.
    """
    found = [term for record in records for term in terms(record)]
    mapped = [
        f"include:{term.partition('=')[2]}" if term.lower().startswith("redirect=") else term
        for term in found
    ]
    return _unique(term for term in mapped if not _is_all(term) or term.lower() == "-all")


def merge(ours: str, *others: Iterable[str]) -> str:
    """Return our record with further terms: ours first, then theirs in their order."""
    found = _unique([*terms(ours), *(term for other in others for term in other)])
    last = "-all" if any(term.lower() == "-all" for term in found) else "~all"
    mechanisms = [term for term in found if not _is_all(term) and not _is_modifier(term)]
    modifiers = [term for term in found if _is_modifier(term)]
    return " ".join([VERSION, *mechanisms, last, *modifiers])


def lookups(record: str) -> int:
    """Return how many of a record's own terms cost a DNS look-up."""
    return sum(1 for term in terms(record) if mechanism(term) in LOOKUPS)


def is_record(text: str) -> bool:
    """Return whether a TXT value is an SPF record (RFC 7208 4.5)."""
    return text.lower().partition(" ")[0] == VERSION


def target(term: str) -> str:
    """Return the domain that a term names, without its prefix lengths; empty where none is."""
    bare = term.lstrip("+-~?")
    mark = "=" if "=" in bare.partition(":")[0] else ":"
    return bare.partition(mark)[2].partition("/")[0]


def mechanism(term: str) -> str:
    """Return a mechanism's or modifier's name, lower case."""
    bare = term.lstrip("+-~?").lower()
    for mark in ":=/":
        bare = bare.partition(mark)[0]
    return bare


def _is_all(term: str) -> bool:
    return mechanism(term) == "all"


def _is_modifier(term: str) -> bool:
    head, equals, _ = term.partition("=")
    return bool(equals) and ":" not in head and "/" not in head


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for term in found:
        first.setdefault(term.lower(), term)
    return tuple(first.values())
