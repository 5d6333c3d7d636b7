"""How many DNS look-ups an SPF record costs a receiver, through all that it includes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import spf

Lookup = Callable[[str], list[str]]
"""Gives the TXT values of a name, joined; none where there are none."""

# Far past the limit nobody needs to know by how much.
_ENOUGH = 40
_COSTLY = {"include", "a", "mx", "ptr", "exists", "redirect"}


@dataclass
class Count:
    """The number of terms that cost a look-up (RFC 7208 4.6.4), and includes that fail."""

    total: int = 0
    broken: list[str] = field(default_factory=list)


def count_lookups(record: str, lookup: Lookup) -> Count:
    """Return the cost of evaluating a record to its end, as for a sender that nothing matches."""
    count = Count()
    _add(record, lookup, count, ())
    return count


def _add(record: str, lookup: Lookup, count: Count, trail: tuple[str, ...]) -> None:
    terms = spf.terms(record)
    # RFC 7208 6.1: a redirect beside an `all` is never followed.
    has_all = any(term.lstrip("+-~?").lower() == "all" for term in terms)
    for term in terms:
        word, target = _split(term)
        if word not in _COSTLY or (word == "redirect" and has_all):
            continue
        count.total += 1
        if word not in {"include", "redirect"} or count.total > _ENOUGH or "%" in target:
            continue
        if target in trail:
            count.broken.append(f"{target} leads back to itself")
            continue
        found = [text for text in lookup(target) if _is_spf(text)]
        if len(found) == 1:
            _add(found[0], lookup, count, (*trail, target))
        else:
            what = "no SPF record" if not found else f"{len(found)} SPF records"
            count.broken.append(f"{target} has {what}")


def _split(term: str) -> tuple[str, str]:
    bare = term.lstrip("+-~?")
    for mark in ":=":
        head, found, rest = bare.partition(mark)
        if found and "/" not in head:
            return head.lower(), rest.lower().rstrip(".")
    return bare.partition("/")[0].lower(), ""


def _is_spf(text: str) -> bool:
    return text.lower() == spf.VERSION or text.lower().startswith(f"{spf.VERSION} ")
