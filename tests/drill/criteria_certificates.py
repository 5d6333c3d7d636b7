"""Certificates, good but for one thing, for the keys of the lab's mail hosts."""

from __future__ import annotations

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from adversary import Authority, certificate

Issue = Callable[[str, str], str]
"""From a host's name and its public key to the certificates to show, all in PEM."""


def _key(public: str) -> ec.EllipticCurvePublicKey:
    key = load_pem_public_key(public.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def by_the_labs_authority(name: str = "", weak_hash: bool = False) -> Issue:
    """Return how the lab's authority, which every lab host trusts, certifies a host's own key.

    Args:
        name: another name than the host's.
        weak_hash: whether it signs with SHA-224.
    """

    def issue(hostname: str, public: str) -> str:
        lab = Authority()
        digest = hashes.SHA224 if weak_hash else hashes.SHA256
        made = certificate(
            name or hostname, _key(public), lab.certificate.subject, lab.key, digest=digest
        )
        return made.public_bytes(Encoding.PEM).decode() + lab.pem

    return issue


def by_nobodys_authority(hostname: str, public: str) -> str:
    """Return a certificate for a host's own key, from an authority that nobody knows."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody's authority")])
    signer = ec.generate_private_key(ec.SECP256R1())
    made = certificate(hostname, _key(public), issuer, signer)
    return made.public_bytes(Encoding.PEM).decode()


def for_a_short_key(hostname: str, _: str) -> str:
    """Return a key of RSA-1024, and the lab's authority's certificate for it."""
    lab = Authority()
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    made = certificate(hostname, key.public_key(), lab.certificate.subject, lab.key)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + made.public_bytes(Encoding.PEM)).decode() + lab.pem
