"""Certificates that the operator gives: would others accept them, as they are?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from .trouble import Trouble

RSA_BITS = 2048
"""What RFC 9325 4.5 and the CAs ask for at least."""
_CURVES = (ec.SECP256R1, ec.SECP384R1)


@dataclass(frozen=True)
class Pem:
    """A certificate's chain and private key as text, and where each came from, for errors."""

    chain_from: str
    chain: str
    key_from: str
    key: str = field(repr=False)


def read_root(where: str, text: str) -> x509.Certificate | Trouble:
    """Return the one certificate of an own CA's file, or what is wrong with it."""
    mend = "name a file with one certificate in PEM: the root's"
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return Trouble(where, "has no certificate in PEM", mend)
    if len(found) != 1:
        return Trouble(where, f"has {len(found)} certificates", mend)
    return found[0]


def check_given(
    pem: Pem, names: Sequence[str], roots: Sequence[x509.Certificate], now: datetime
) -> list[Trouble]:
    """Return everything that is wrong with a given certificate; no part of a key is among it.

    Args:
        pem: the chain, the host's certificate first, and the key.
        names: the names it has to cover.
        roots: whom the hosts trust.
        now: the time, with its zone.
    """
    try:
        chain = x509.load_pem_x509_certificates(pem.chain.encode())
    except ValueError:
        mend = "write the certificate and then its issuers, each in PEM"
        return [Trouble(pem.chain_from, "has no certificate in PEM", mend)]
    return [
        *(Trouble(pem.key_from, *said) for said in _of_key(pem.key, chain[0])),
        *(Trouble(pem.chain_from, *said) for said in _of_leaf(chain[0], names)),
        *(Trouble(pem.chain_from, *said) for said in _of_chain(chain, roots, now)),
    ]


def _of_key(text: str, leaf: x509.Certificate) -> Iterator[tuple[str, str]]:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        mend = "take the passphrase off (openssl pkey -in FILE -out NEW), and vault the file"
        yield "is locked with a passphrase, which no daemon knows", mend
        return
    except ValueError:
        yield "has no private key in PEM", "write the key in PEM (PKCS #8)"
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
        yield "is not the key of the given certificate", "give the two that belong together"


def _of_leaf(leaf: x509.Certificate, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    key = leaf.public_key()
    good = (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS
    )
    if not good:
        mend = f"have one issued for P-256, P-384, or RSA with {RSA_BITS} bits or more"
        yield "is for a key that not every peer takes", mend
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        covered = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        covered = []
    if missing := [name for name in names if not any(_covers(each, name) for each in covered)]:
        has = ", ".join(covered) or "no name"
        yield f"does not cover {', '.join(missing)} (it has {has})", "have one issued for all names"


def _of_chain(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> Iterator[tuple[str, str]]:
    for each in chain:
        who = each.subject.rfc4514_string() or "the certificate"
        if each.not_valid_after_utc <= now:
            yield f"{who} ended on {each.not_valid_after_utc:%Y-%m-%d}", "give a newer one"
        if each.not_valid_before_utc > now:
            begin = f"{each.not_valid_before_utc:%Y-%m-%d %H:%M UTC}"
            yield f"{who} begins only on {begin}", "wait, or look at the controller's clock"
        # A root is trusted for what it is, not for its own signature.
        if each not in roots and isinstance(each.signature_hash_algorithm, (SHA1, MD5)):
            yield f"{who} is signed with SHA-1 or older", "have it issued anew, with SHA-256"
    for one, issuer in pairwise(chain):
        if not _issued(one, issuer):
            mend = "write the certificate first, then each issuer after what it issued"
            yield f"{one.subject.rfc4514_string()} is not issued by the next one in the file", mend
    if chain[-1] not in roots and not any(_issued(chain[-1], root) for root in roots):
        yield (
            f"ends at {chain[-1].issuer.rfc4514_string()}, whom nobody here trusts",
            "append the missing issuers, or name an own CA's root in certificates_ca_file",
        )


def _covers(pattern: str, name: str) -> bool:
    """Return whether a name in a certificate stands for a host's (RFC 9525 6.3)."""
    if pattern.startswith("*."):
        return pattern[2:].lower() == name.partition(".")[2]
    return pattern.lower() == name


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
