"""Look-ups through a resolver, for what stands in other people's zones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import dns.exception
import dns.resolver

from .claims import Want
from .records import canonical

PATIENCE = 3
"""Questions without an answer, and none with one, after which a resolver is given up."""

Look = Callable[[str, str], tuple[str, ...]]
"""Returns the values at (name, type) in presentation form; none where there is no such record.

Raises LookupFailedError where nobody can say.
"""


class LookupFailedError(Exception):
    """A resolver did not answer, or answered with a failure: that says nothing of the record."""


def resolver_look(resolvers: Sequence[str] = (), lifetime: float = 5) -> Look:
    """Return look-ups by these resolvers, or the system's; each answer is kept for the run.

    A resolver that never answered is given up after a few questions: a thousand more would only
    take long.
    """
    resolver = dns.resolver.Resolver(configure=not resolvers)
    if resolvers:
        resolver.nameservers = list(resolvers)
    resolver.lifetime = lifetime
    kept: dict[tuple[str, str], tuple[str, ...]] = {}
    failed: list[LookupFailedError] = []

    def look(name: str, kind: str) -> tuple[str, ...]:
        if (name, kind) not in kept:
            if len(failed) >= PATIENCE and not kept:
                raise failed[-1]
            try:
                kept[name, kind] = _ask(resolver, name, kind)
            except LookupFailedError as error:
                failed.append(error)
                raise
        return kept[name, kind]

    return look


def unanswered(wants: Iterable[Want], look: Look) -> list[Want]:
    """Return what DNS does not answer as wanted yet, or cannot be asked for."""
    return [want for want in wants if not _answered(want, look)]


def _answered(want: Want, look: Look) -> bool:
    slot = want.claim.slot
    try:
        values = [canonical(slot.type, value) for value in look(slot.name, slot.type)]
    except LookupFailedError:
        return False
    return sorted(v for v in values if want.claim.covers(v)) == sorted(want.values)


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> tuple[str, ...]:
    try:
        answer = resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return ()
    except dns.exception.DNSException as error:
        raise LookupFailedError(f"{name} {kind}: {type(error).__name__}") from None
    return tuple(sorted(rdata.to_text() for rdata in answer.rrset or ()))
