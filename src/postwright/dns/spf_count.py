"""What an SPF record costs whoever evaluates it, through all that it includes (RFC 7208 4.6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import spf, txt
from .look import Look, LookupFailedError

VOID_LIMIT = 2
"""Look-ups that may find nothing; more are a permanent error (RFC 7208 4.6.4)."""

MX_LIMIT = 10
"""Names that one `mx` may find (RFC 7208 4.6.4)."""

_ENOUGH = 40
"""Beyond the limit it is counted on, to say by how much, but not without end."""


@dataclass
class Count:
    """The worst case: no mechanism matches before the last.

    `wrong` are permanent errors found on the way, `unsure` what could not be looked up.
    """

    lookups: int = 0
    void: int = 0
    wrong: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return why receivers would answer with a permanent error."""
        found = list(self.wrong)
        if self.lookups > spf.LOOKUP_LIMIT:
            found.append(f"it needs {self.lookups} look-ups, of which {spf.LOOKUP_LIMIT} are made")
        if self.void > VOID_LIMIT:
            found.append(f"{self.void} of its look-ups find nothing; {VOID_LIMIT} may")
        return found


def count(record: str, domain: str, look: Look) -> Count:
    """Return what evaluating a domain's record costs."""
    made = Count()
    _walk(record, (domain,), look, made)
    return made


def _walk(record: str, path: tuple[str, ...], look: Look, made: Count) -> None:
    terms = spf.terms(record)
    # A redirect counts only where no `all` ends the record (RFC 7208 6.1).
    ended = any(spf.mechanism(term) == "all" for term in terms)
    for term in terms:
        kind = spf.mechanism(term)
        if kind not in spf.LOOKUPS or (kind == "redirect" and ended) or made.lookups >= _ENOUGH:
            continue
        made.lookups += 1
        target = spf.target(term) or path[-1]
        if "%" in target:
            continue  # a macro (RFC 7208 7): who it leads to depends on the message
        try:
            if kind in {"include", "redirect"}:
                _enter(target.lower().rstrip("."), path, look, made)
            elif kind != "ptr":
                _look_up(kind, target, look, made)
        except LookupFailedError as error:
            made.unsure.append(str(error))


def _enter(target: str, path: tuple[str, ...], look: Look, made: Count) -> None:
    if target in path:
        made.wrong.append(f"it goes round in circles: {' -> '.join([*path, target])}")
        return
    values = look(target, "TXT")
    made.void += not values
    records = [text for text in map(_text, values) if spf.is_record(text)]
    if len(records) != 1:
        # RFC 7208 5.2 and 6.1: no record there is a permanent error here; so are two (4.5).
        made.wrong.append(f"{' -> '.join([*path, target])} has {len(records) or 'no'} SPF records")
        return
    _walk(records[0], (*path, target), look, made)


def _look_up(kind: str, target: str, look: Look, made: Count) -> None:
    if kind == "mx":
        found: Iterable[str] = look(target, "MX")
        if len(tuple(found)) > MX_LIMIT:
            made.wrong.append(f"the MX of {target} names more than {MX_LIMIT} hosts")
    else:
        found = (*look(target, "A"), *(look(target, "AAAA") if kind == "a" else ()))
    made.void += not tuple(found)


def _text(value: str) -> str:
    return txt.decode(value).decode("utf-8", "replace")
