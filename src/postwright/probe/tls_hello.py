"""A ClientHello with exactly what we choose, and what a server answers, in bytes.

Python's ssl offers what OpenSSL has and is allowed to offer, so it cannot tell what a server would
take. Nothing here needs cryptography: a server shows its choice before any key is used. In
TLS 1.3 (RFC 8446) the hello carries no key share, so the server answers with a HelloRetryRequest
that names its suite and its group; in TLS 1.2 (RFC 5246) its certificates and its key exchange
come in clear.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .tls_codes import GROUPS, SIGNATURES, SSL_3_0, TLS_1_2, TLS_1_3

_ALERT, _HANDSHAKE = 21, 22
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _HELLO_DONE = 1, 2, 11, 12, 14
_NAME, _GROUPS, _POINTS, _SIGNATURES, _EMS = 0, 10, 11, 13, 23
_VERSIONS, _KEY_SHARE, _RENEGOTIATION = 43, 51, 0xFF01
# Among the suites of elliptic curves, those with a Diffie-Hellman of primes.
_PRIMES = {0xC044, 0xC045, 0xC052, 0xC053, 0xC07C, 0xC07D, 0xC09E, 0xC09F, 0xC0A2, 0xC0A3, 0xCCAA}
NULL_COMPRESSION, DEFLATE = 0, 1
_LONGEST_RECORD = (1 << 14) + 2048  # RFC 5246 6.2.3


class NotTlsError(Exception):
    """What came is no TLS."""


@dataclass(frozen=True)
class Offer:
    """What a ClientHello offers; `version` is the newest."""

    version: int
    suites: tuple[int, ...]
    groups: tuple[int, ...] = tuple(GROUPS)
    signatures: tuple[int, ...] = tuple(SIGNATURES)
    compression: tuple[int, ...] = (NULL_COMPRESSION,)


@dataclass(frozen=True)
class Answer:
    """What a server chose, as far as it shows it in clear.

    Attributes:
        version: the protocol version.
        suite: the cipher suite.
        compression: the compression method (RFC 3749).
        extensions: the numbers of the extensions that it answered.
        group: the group for key exchange, where it named one.
        signature: the scheme that it signed its key exchange with (TLS 1.2).
        dh_bits: the size of its Diffie-Hellman prime, where it sent one.
        chain: its certificates in DER, the leaf first (TLS 1.2 and before).
    """

    version: int
    suite: int
    compression: int = NULL_COMPRESSION
    extensions: frozenset[int] = frozenset()
    group: int | None = None
    signature: int | None = None
    dh_bits: int | None = None
    chain: tuple[bytes, ...] = ()

    @property
    def extended_master_secret(self) -> bool:
        """Whether both secrets are bound to the handshake (RFC 7627)."""
        return _EMS in self.extensions

    @property
    def secure_renegotiation(self) -> bool:
        """Whether a renegotiation would be bound to this connection (RFC 5746)."""
        return _RENEGOTIATION in self.extensions


def client_hello(offer: Offer, hostname: str) -> bytes:
    """Return a record with a ClientHello."""
    body = _u16(min(offer.version, TLS_1_2)) + os.urandom(32) + _short(b"")
    body += _long(_numbers(offer.suites)) + _short(bytes(offer.compression))
    if offer.version > SSL_3_0:  # which knows no extensions
        body += _long(b"".join(_extensions(offer, hostname)))
    message = bytes([_CLIENT_HELLO]) + len(body).to_bytes(3, "big") + body
    # RFC 8446 5.1: servers that are picky about a first record's version take TLS 1.0.
    return bytes([_HANDSHAKE]) + _u16(min(offer.version, 0x0301)) + _long(message)


def _extensions(offer: Offer, hostname: str) -> Iterable[bytes]:
    yield _extension(_NAME, _long(b"\0" + _long(hostname.encode("ascii"))))
    yield _extension(_GROUPS, _long(_numbers(offer.groups)))
    yield _extension(_SIGNATURES, _long(_numbers(offer.signatures)))
    if offer.version >= TLS_1_3:
        yield _extension(_VERSIONS, _short(_numbers([offer.version])))
        yield _extension(_KEY_SHARE, _long(b""))
    else:
        yield _extension(_POINTS, _short(b"\0"))
        yield _extension(_EMS, b"")
        yield _extension(_RENEGOTIATION, _short(b""))


def read_answer(receive: Callable[[int], bytes]) -> Answer | None:
    """Return what the server chose; None where it refused, by an alert or by closing.

    Args:
        receive: returns up to so many bytes; none where the server has closed.

    Raises:
        NotTlsError: the server does not speak TLS.
        TimeoutError: it says nothing, by `receive`.
    """
    flight = _Flight()
    while (record := _record(receive)) is not None:
        kind, payload = record
        if kind == _ALERT:
            break
        if kind != _HANDSHAKE:
            raise NotTlsError(f"a TLS record of the type {kind}")
        if flight.feed(payload):
            break
    return flight.answer()


@dataclass
class _Flight:
    """The server's first flight, as its messages come in."""

    rest: bytes = b""
    seen: dict[int, bytes] = field(default_factory=dict)

    def feed(self, payload: bytes) -> bool:
        """Take a record's payload; tell whether all has come that will come in clear."""
        self.rest += payload
        while len(self.rest) >= 4 and len(self.rest) >= 4 + int.from_bytes(self.rest[1:4], "big"):
            size = int.from_bytes(self.rest[1:4], "big")
            self.seen[self.rest[0]] = self.rest[4 : 4 + size]
            self.rest = self.rest[4 + size :]
        hello = self.seen.get(_SERVER_HELLO)
        return _HELLO_DONE in self.seen or (
            hello is not None and _VERSIONS in _server_extensions(hello)
        )

    def answer(self) -> Answer | None:
        """Return the answer in the messages, or None where there is no ServerHello."""
        if _SERVER_HELLO not in self.seen:
            return None
        hello = self.seen[_SERVER_HELLO]
        after = _after_session(hello)
        extensions = _server_extensions(hello)
        suite, compression = int.from_bytes(hello[after : after + 2], "big"), hello[after + 2]
        if _VERSIONS in extensions:
            share = extensions.get(_KEY_SHARE, b"")
            return Answer(
                version=int.from_bytes(extensions[_VERSIONS], "big"),
                extensions=frozenset(extensions),
                suite=suite,
                group=int.from_bytes(share[:2], "big") if share else None,
            )
        version = int.from_bytes(hello[:2], "big")
        exchange = self.seen.get(_KEY_EXCHANGE, b"")
        curves = suite >= 0xC000 and suite not in _PRIMES
        group, bits, rest = (_curve if curves else _prime)(exchange) if exchange else _NOTHING
        signed = version >= TLS_1_2 and len(rest) >= 2
        return Answer(
            version=version,
            suite=suite,
            compression=compression,
            extensions=frozenset(extensions),
            group=group,
            signature=int.from_bytes(rest[:2], "big") if signed else None,
            dh_bits=bits,
            chain=tuple(_certificates(self.seen.get(_CERTIFICATE, b""))),
        )


def _after_session(hello: bytes) -> int:
    return 35 + hello[34]


def _server_extensions(hello: bytes) -> dict[int, bytes]:
    found = {}
    at = _after_session(hello) + 3 + 2
    while at + 4 <= len(hello):
        size = int.from_bytes(hello[at + 2 : at + 4], "big")
        found[int.from_bytes(hello[at : at + 2], "big")] = hello[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _certificates(message: bytes) -> Iterable[bytes]:
    at = 3
    while at + 3 <= len(message):
        size = int.from_bytes(message[at : at + 3], "big")
        yield message[at + 3 : at + 3 + size]
        at += 3 + size


_Exchange = tuple[int | None, int | None, bytes]
_NOTHING: _Exchange = (None, None, b"")


def _curve(message: bytes) -> _Exchange:
    """Return the named curve of a ServerKeyExchange, and what follows its point (RFC 8422 5.4)."""
    return int.from_bytes(message[1:3], "big"), None, message[4 + message[3] :]


def _prime(message: bytes) -> _Exchange:
    """Return the bits of its prime, and what follows its three numbers (RFC 5246 7.4.3)."""
    numbers = []
    for _ in ("prime", "generator", "public value"):
        size = int.from_bytes(message[:2], "big")
        numbers.append(int.from_bytes(message[2 : 2 + size], "big"))
        message = message[2 + size :]
    return None, numbers[0].bit_length(), message


def _record(receive: Callable[[int], bytes]) -> tuple[int, bytes] | None:
    """Return one record's type and payload, or None where the server has closed."""
    head = _exactly(receive, 5)
    if len(head) < 5:
        return None
    size = int.from_bytes(head[3:], "big")
    if head[1] != 3 or size > _LONGEST_RECORD:
        raise NotTlsError(f"no TLS record but {head!r}")
    payload = _exactly(receive, size)
    return (head[0], payload) if len(payload) == size else None


def _exactly(receive: Callable[[int], bytes], size: int) -> bytes:
    got = b""
    while len(got) < size and (more := receive(size - len(got))):
        got += more
    return got


def _extension(number: int, body: bytes) -> bytes:
    return _u16(number) + _long(body)


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _numbers(numbers: Iterable[int]) -> bytes:
    return b"".join(map(_u16, numbers))


def _short(body: bytes) -> bytes:
    """Return a vector with a length of one octet."""
    return bytes([len(body)]) + body


def _long(body: bytes) -> bytes:
    """Return a vector with a length of two octets."""
    return _u16(len(body)) + body
