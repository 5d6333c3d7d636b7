"""Look-ups through a resolver, for what stands in other people's zones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dns.exception
import dns.resolver

Look = Callable[[str, str], tuple[str, ...]]
"""Returns the values at (name, type) in presentation form; none where there is no such record.

Raises LookupFailedError where nobody can say.
"""


class LookupFailedError(Exception):
    """A resolver did not answer, or answered with a failure: that says nothing of the record."""


def resolver_look(resolvers: Sequence[str] = (), lifetime: float = 5) -> Look:
    """Return look-ups by these resolvers, or the system's; each answer is kept for the run."""
    resolver = dns.resolver.Resolver(configure=not resolvers)
    if resolvers:
        resolver.nameservers = list(resolvers)
    resolver.lifetime = lifetime
    kept: dict[tuple[str, str], tuple[str, ...]] = {}

    def look(name: str, kind: str) -> tuple[str, ...]:
        if (name, kind) not in kept:
            kept[name, kind] = _ask(resolver, name, kind)
        return kept[name, kind]

    return look


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> tuple[str, ...]:
    try:
        answer = resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return ()
    except dns.exception.DNSException as error:
        raise LookupFailedError(f"{name} {kind}: {type(error).__name__}") from None
    return tuple(sorted(rdata.to_text() for rdata in answer.rrset or ()))
