"""Which key records verifiers can use."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postwright.dns.world.dkim import bits, fault


def _rsa(size: int) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=size).public_key()
    raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


RSA = _rsa(1024)
EDWARDS = "A" * 43 + "="


@pytest.mark.parametrize(
    "record",
    [
        f"v=DKIM1; k=rsa; p={RSA}",
        f"p={RSA}",
        f"v=DKIM1;h=sha1:sha256;s=email:other;t=y:s;n=a note;p={RSA[:40]} \t{RSA[40:]} ; ",
        f"v=DKIM1; k=ed25519; p={EDWARDS}",
    ],
)
def test_a_usable_key_record_has_no_fault(record: str) -> None:
    assert fault(record) is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("", "no list"),
        ("v=DKIM1; k=rsa; something", "no list"),
        (f"k=rsa; v=DKIM1; p={RSA}", "first tag"),
        (f"v=DKIM2; p={RSA}", "first tag"),
        ("v=DKIM1; k=rsa", "no key"),
        ("v=DKIM1; p=", "revoked"),
        (f"v=DKIM1; p={RSA}; p={RSA}", "twice"),
        (f"v=DKIM1; h=sha1; p={RSA}", "SHA-256"),
        (f"v=DKIM1; s=other; p={RSA}", "email"),
        ("v=DKIM1; p=not base64!", "base64"),
        (f"v=DKIM1; p={EDWARDS}", "no RSA key"),
        (f"v=DKIM1; k=ed25519; p={RSA}", "bytes"),
        (f"v=DKIM1; k=ed448; p={EDWARDS}", "nobody verifies"),
    ],
)
def test_a_fault_of_a_key_record_is_named(record: str, said: str) -> None:
    assert said in str(fault(record))


def test_the_length_of_an_rsa_key_is_seen() -> None:
    assert bits(f"v=DKIM1; k=rsa; p={RSA}") == 1024
    assert bits(f"v=DKIM1; k=ed25519; p={EDWARDS}") is None
