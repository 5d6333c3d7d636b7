"""What certificates say: keys, signatures, and whether TLSA records match them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postwright.probe.tls_look import Seen

_GOOD_CURVES = {
    *("secp256r1", "secp384r1", "secp521r1"),
    *("brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"),
}
_PHASE_OUT_CURVE = "secp224r1"
_GOOD_RSA, _PHASE_OUT_RSA = 3072, 2048
_GOOD_HASHES = {"sha256", "sha384", "sha512"}
_DANE_TA, _DANE_EE = 2, 3
_HASHES = {1: hashlib.sha256, 2: hashlib.sha512}


class Tlsa(NamedTuple):
    """A TLSA record (RFC 6698 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes


def chains(seen: Seen) -> list[list[x509.Certificate]]:
    """Return the certificate chains that an endpoint shows, the leaf first."""
    return [
        [x509.load_der_x509_certificate(base64.b64decode(der)) for der in chain]
        for chain in seen.chains
    ]


def weak_keys(seen: Seen) -> Iterator[str]:
    """Yield the certificates whose key is insufficient (guideline 3.3.2.1)."""
    for certificate in _judged(seen):
        key = certificate.public_key()
        strong = (
            (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _PHASE_OUT_RSA)
            or (
                isinstance(key, ec.EllipticCurvePublicKey)
                and key.curve.name in {*_GOOD_CURVES, _PHASE_OUT_CURVE}
            )
            or isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
        )
        if not strong:
            yield f"{_subject(certificate)} has the key {_key(certificate)}"


def weak_signatures(seen: Seen) -> Iterator[str]:
    """Yield the certificates that are signed with a weak hash (guideline 3.3.5)."""
    for certificate in _judged(seen):
        used = certificate.signature_hash_algorithm
        # Ed25519 and Ed448 hash by themselves, and well.
        if used is not None and used.name not in _GOOD_HASHES:
            yield f"{_subject(certificate)} is signed with {used.name}"


def shown(seen: Seen) -> str:
    """Return the leaves' names and keys, and what of the chain is to be phased out."""
    leaves = [f"{_subject(chain[0])} {_key(chain[0])}" for chain in chains(seen)]
    old = [f"{_subject(c)} {_key(c)}" for c in _judged(seen) if _to_be_phased_out(c)]
    return ", ".join(leaves) + (f" (to be phased out: {', '.join(old)})" if old else "")


def parse_tlsa(text: str) -> Tlsa:
    """Return a record from its presentation form."""
    usage, selector, matching, *data = text.split()
    return Tlsa(int(usage), int(selector), int(matching), bytes.fromhex("".join(data)))


def usable(records: Iterable[Tlsa]) -> list[Tlsa]:
    """Return the records that mail servers use (RFC 7672 3.1): DANE-TA and DANE-EE."""
    return [
        record
        for record in records
        if record.usage in {_DANE_TA, _DANE_EE}
        and record.selector in {0, 1}
        and record.matching in {0, *_HASHES}
    ]


def matches(record: Tlsa, chain: list[x509.Certificate]) -> bool:
    """Tell whether a usable record names the leaf, or an authority in the chain."""
    candidates = chain[:1] if record.usage == _DANE_EE else chain[1:]
    return any(_digest(record, certificate) == record.data for certificate in candidates)


def other_key(record: Tlsa, records: Iterable[list[x509.Certificate]]) -> bool:
    """Tell whether a record would still hold after the leaf's key was replaced."""
    return record.usage == _DANE_TA or not any(matches(record, chain) for chain in records)


def _digest(record: Tlsa, certificate: x509.Certificate) -> bytes:
    if record.selector == 0:
        selected = certificate.public_bytes(Encoding.DER)
    else:
        key = certificate.public_key()
        selected = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _HASHES[record.matching](selected).digest() if record.matching else selected


def _judged(seen: Seen) -> Iterator[x509.Certificate]:
    """Yield every certificate but roots, whose own signature nobody checks."""
    for chain in chains(seen):
        yield from (
            certificate for certificate in chain if certificate.issuer != certificate.subject
        )


def _to_be_phased_out(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < _GOOD_RSA
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == _PHASE_OUT_CURVE


def _subject(certificate: x509.Certificate) -> str:
    """Return what a certificate is for: Let's Encrypt's have no common name any more."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return certificate.subject.rfc4514_string()
    return ", ".join(names.value.get_values_for_type(x509.DNSName))


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__
    return f"{kind}-{key.key_size}" if isinstance(key, rsa.RSAPublicKey) else kind
