"""What one port of one address takes in TLS: all of it, found in some twenty short connections."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from .tls_client import (
    NoStartTlsError,
    Opening,
    early_data,
    opened,
    renegotiates,
    verify,
)
from .tls_codes import (
    GROUPS,
    SSL_3_0,
    SUITES_1_2,
    SUITES_1_3,
    TLS_1_0,
    TLS_1_1,
    TLS_1_2,
    TLS_1_3,
    WEAK_SIGNATURES,
    Level,
    group_level,
    suite_level,
)
from .tls_hello import DEFLATE, NULL_COMPRESSION, Answer, Offer, client_hello, read_answer
from .wire import Target, has_route

PARALLEL = 16


@dataclass(frozen=True)
class Endpoint:
    """A port of an address, how TLS begins on it, and what is spoken under it."""

    target: Target
    port: int
    opening: Opening
    protocol: str


@dataclass
class Seen:
    """What an endpoint takes; plain data, so that it travels from the probing host.

    Attributes:
        hostname: the host's name, which its certificate has to bear.
        address: the address that was asked.
        family: `IPv4` or `IPv6`.
        port: the port.
        trouble: why the port could not be looked at; empty where it could.
        no_starttls: what the server says instead of beginning TLS; empty where it begins.
        versions: the protocol versions that it takes.
        suites: the suites of its newest version before TLS 1.3, in the order in which it chose
            them from what was left of an offer with the worst first.
        suites_1_3: its suites of TLS 1.3.
        groups: its groups for key exchange.
        dh_bits: the sizes of its Diffie-Hellman primes.
        weak_signatures: the schemes with a weak hash with which it would sign.
        compression: whether it compresses.
        secure_renegotiation: whether it knows RFC 5746; None without TLS 1.2.
        extended_master_secret: whether it knows RFC 7627; None without TLS 1.2.
        renegotiates: whether it lets a client begin a renegotiation.
        early_data: how many octets it takes early.
        chains: its certificate chains in DER, as base64, one for each kind of key.
        untrusted: why its chain is not trusted; empty where it is.
        misnamed: why its certificate does not bear its name; empty where it does.
    """

    hostname: str
    address: str
    family: str
    port: int
    trouble: str = ""
    no_starttls: str = ""
    versions: list[int] = field(default_factory=list)
    suites: list[int] = field(default_factory=list)
    suites_1_3: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    dh_bits: list[int] = field(default_factory=list)
    weak_signatures: list[int] = field(default_factory=list)
    compression: bool = False
    secure_renegotiation: bool | None = None
    extended_master_secret: bool | None = None
    renegotiates: bool = False
    early_data: int = 0
    chains: list[list[str]] = field(default_factory=list)
    untrusted: str = ""
    misnamed: str = ""

    def __str__(self) -> str:
        """Return how reports name the endpoint."""
        return f"{self.hostname} {self.family} port {self.port}"


Ask = Callable[[Offer], Answer | None]


def endpoints(mail: dict[str, Any], targets: list[Target]) -> Iterator[Endpoint]:
    """Yield what is looked at on one host: port 25 of each address, the others of the first.

    The ports for clients are the same daemons on both addresses; port 25 is judged on each, as
    Internet.nl does.
    """
    ports = mail["ports"]
    for target in targets:
        yield Endpoint(target, ports["smtp"], Opening.SMTP, "smtp")
    for target in targets[:1]:
        yield Endpoint(target, ports["submissions"], Opening.IMPLICIT, "smtp")
        if mail["submission_starttls"]:
            yield Endpoint(target, ports["submission"], Opening.SMTP, "smtp")
        yield Endpoint(target, ports["imaps"], Opening.IMPLICIT, "imap")
        yield Endpoint(target, ports["pop3s"], Opening.IMPLICIT, "pop3")
        yield Endpoint(target, ports["sieve"], Opening.SIEVE, "sieve")


def look_at_all(found: list[Endpoint]) -> list[Seen]:
    """Look at endpoints side by side."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(look, found))


def look(endpoint: Endpoint) -> Seen:
    """Return what an endpoint takes; what went wrong is told in it, never raised."""
    target = endpoint.target
    seen = Seen(target.hostname, target.address, target.family, endpoint.port)
    if not has_route(target):
        seen.trouble = "no route from here"
        return seen
    try:
        _look(endpoint, seen)
    except NoStartTlsError as error:
        seen.no_starttls = str(error)
    except Exception as error:  # whatever went wrong, the operator must see it
        seen.trouble = f"{type(error).__name__}: {error}"
    return seen


def _look(endpoint: Endpoint, seen: Seen) -> None:
    ask = partial(_ask, endpoint)
    _before_1_3(ask, seen)
    newest = Offer(TLS_1_3, tuple(SUITES_1_3))
    seen.suites_1_3 = [answer.suite for answer in _drain_suites(ask, newest)]
    if seen.suites_1_3:
        seen.versions.append(TLS_1_3)
        seen.groups = list(dict.fromkeys([*seen.groups, *_drain_groups(ask, newest)]))
        seen.early_data = early_data(
            endpoint.target, endpoint.port, endpoint.opening, endpoint.protocol
        )
    if not seen.versions:
        seen.trouble = "it takes no TLS at all"
        return
    if TLS_1_2 in seen.versions:
        seen.renegotiates = renegotiates(endpoint.target, endpoint.port, endpoint.opening)
    seen.untrusted, seen.misnamed = verify(
        lambda: opened(endpoint.target, endpoint.port, endpoint.opening)
    )


def _before_1_3(ask: Ask, seen: Seen) -> None:
    everything = tuple(sorted(SUITES_1_2, key=suite_level))
    taken = {
        version: answer
        for version in (SSL_3_0, TLS_1_0, TLS_1_1)
        if (answer := ask(Offer(version, everything))) is not None and answer.version == version
    }
    seen.versions += taken
    full = Offer(TLS_1_2, everything, compression=(DEFLATE, NULL_COMPRESSION))
    found = [a for a in _drain_suites(ask, full) if a.version == TLS_1_2]
    if found:
        seen.versions.append(TLS_1_2)
        seen.secure_renegotiation = found[0].secure_renegotiation
        seen.extended_master_secret = found[0].extended_master_secret
        seen.weak_signatures += _weak_signatures(ask, full)
        poor = tuple(code for code in GROUPS if group_level(code) is not Level.GOOD)
        curves = tuple(code for code in SUITES_1_2 if code >= 0xC000)
        seen.groups += _drain_groups(ask, Offer(TLS_1_2, curves, poor))
    answers = [*taken.values(), *found]
    seen.suites = list(dict.fromkeys(answer.suite for answer in answers))
    seen.compression = any(answer.compression != NULL_COMPRESSION for answer in answers)
    seen.groups += [answer.group for answer in answers if answer.group is not None]
    seen.dh_bits = sorted({a.dh_bits for a in answers if a.dh_bits is not None})
    chains = dict.fromkeys(answer.chain for answer in answers if answer.chain)
    seen.chains = [[base64.b64encode(der).decode() for der in chain] for chain in chains]


def _drain_suites(ask: Ask, offer: Offer) -> Iterator[Answer]:
    """Yield answers to an offer that loses the suite that was chosen, until it is refused."""
    while offer.suites and (answer := ask(offer)) is not None:
        yield answer
        if answer.suite not in offer.suites:
            return  # it took what was not offered: nothing more is to be learnt
        offer = replace(offer, suites=tuple(c for c in offer.suites if c != answer.suite))


def _drain_groups(ask: Ask, offer: Offer) -> Iterator[int]:
    """Yield the groups chosen from an offer that loses each, until it is refused."""
    while offer.groups and (answer := ask(offer)) is not None and answer.group is not None:
        yield answer.group
        if answer.group not in offer.groups:
            return
        offer = replace(offer, groups=tuple(c for c in offer.groups if c != answer.group))


def _weak_signatures(ask: Ask, offer: Offer) -> Iterator[int]:
    """Yield the weak schemes that are signed with, where nothing better is offered."""
    left = tuple(WEAK_SIGNATURES)
    while left and (answer := ask(replace(offer, signatures=left))) is not None:
        if answer.signature not in left:
            return  # some servers then sign with a good scheme that was not offered
        yield answer.signature
        left = tuple(code for code in left if code != answer.signature)


def _ask(endpoint: Endpoint, offer: Offer) -> Answer | None:
    with opened(endpoint.target, endpoint.port, endpoint.opening) as line:
        line.send(client_hello(offer, endpoint.target.hostname))
        try:
            return read_answer(line.socket.recv)
        except ConnectionResetError:
            return None


def as_data(seen: Seen) -> dict[str, Any]:
    """Return what was seen as plain data."""
    return asdict(seen)
