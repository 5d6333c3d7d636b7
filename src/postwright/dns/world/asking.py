"""Questions to name servers: the one place here that touches the network."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from postwright.dns.errors import NotAnsweredError
from postwright.dns.records import canonical

TIMEOUT = 3.0
TRIES = 2
PARALLEL = 24
NO_ROUTE = "no route"
_NO_ROUTE = {errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Record:
    """One record of an answer: lower-case name without the last dot, canonical value."""

    name: str
    type: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Reply:
    """What a server said; without a code, `failure` says why nothing was heard."""

    code: str = ""
    failure: str = ""
    authoritative: bool = False
    authentic: bool = False
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the server knows what it talks of, be it that there is nothing."""
        return self.code in {"NOERROR", "NXDOMAIN"}

    def values(self, kind: str) -> tuple[str, ...]:
        """Return the answer's values of a type, behind CNAMEs too."""
        return tuple(sorted(each.value for each in self.answer if each.type == kind))

    @property
    def trouble(self) -> str:
        """Why the reply is of no use."""
        return self.failure or self.code


class Asker(Protocol):
    """Asks one server one question."""

    def __call__(
        self, address: str, name: str, kind: str, *, recurse: bool = False, checked: bool = True
    ) -> Reply:
        """Return its reply; `checked` False has a resolver pass on what does not validate."""


def over_network(
    address: str, name: str, kind: str, *, recurse: bool = False, checked: bool = True
) -> Reply:
    """Ask by UDP, and by TCP where the answer is long."""
    query = dns.message.make_query(f"{name.rstrip('.')}.", kind, use_edns=0, payload=1232)
    if recurse:
        query.flags |= dns.flags.AD
    else:
        query.flags &= ~dns.flags.RD
    if not checked:
        query.flags |= dns.flags.CD
    failure = ""
    for _ in range(TRIES):
        try:
            answer, _ = dns.query.udp_with_fallback(query, address, timeout=TIMEOUT)
        except OSError as error:
            if error.errno in _NO_ROUTE:
                return Reply(failure=NO_ROUTE)
            failure = f"no answer ({error.strerror})"
        except dns.exception.DNSException as error:
            failure = f"no answer ({type(error).__name__})"
        else:
            return reply_of(answer)
    return Reply(failure=failure)


def reply_of(answer: dns.message.Message) -> Reply:
    """Return a message as a Reply."""
    return Reply(
        code=dns.rcode.to_text(answer.rcode()),
        authoritative=bool(answer.flags & dns.flags.AA),
        authentic=bool(answer.flags & dns.flags.AD),
        answer=tuple(_records(answer.answer)),
        authority=tuple(_records(answer.authority)),
    )


def _records(sets: Iterable[dns.rrset.RRset]) -> Iterable[Record]:
    for each in sets:
        kind = dns.rdatatype.to_text(each.rdtype)
        name = each.name.to_text(omit_final_dot=True).lower()
        for rdata in each:
            yield Record(name, kind, each.ttl, canonical(kind, rdata.to_text()))


class World:
    """Everybody who can be asked: servers by address, and the resolvers by turns.

    Each question is asked once; answers are shared by all checks of a run.
    """

    def __init__(self, ask: Asker, resolvers: Sequence[str]) -> None:
        self._resolvers = list(resolvers)
        self.direct: Callable[[str, str, str], Reply] = cache(ask)
        self._recursive = cache(
            lambda address, name, kind, checked: ask(
                address, name, kind, recurse=True, checked=checked
            )
        )

    def resolve(self, name: str, kind: str, *, checked: bool = True) -> Reply:
        """Return the first resolver's reply that is one.

        Raises:
            NotAnsweredError: no resolver answers at all.
        """
        reply = Reply(failure="there is no resolver")
        for address in self._resolvers:
            reply = self._recursive(address, name, kind, checked)
            if reply.code:
                return reply
        raise NotAnsweredError(
            f"no resolver answers ({', '.join(self._resolvers)}: {reply.failure}; asked for "
            f"{name} {kind})",
            "name one that validates: dns_resolver",
        )

    def lookup(self, name: str, kind: str) -> Reply:
        """Return what a name leads to, even where DNSSEC is broken: dnssec.py tells of that."""
        reply = self.resolve(name, kind)
        return self.resolve(name, kind, checked=False) if reply.code == "SERVFAIL" else reply

    @staticmethod
    def each(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the results of `work`, done side by side."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(work, items))


def system_resolvers() -> list[str]:
    """Return the addresses of the machine's own resolvers."""
    try:
        return [str(address) for address in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        return []
