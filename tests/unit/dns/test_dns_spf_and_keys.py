"""What an SPF record costs, and which key records verifiers can use."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postwright.dns.spf_lookups import count_lookups
from postwright.dns.world.dkim import bits, fault

PUBLISHED = {
    "a.test": ["v=spf1 a mx -all"],
    "b.test": ["v=spf1 include:a.test exists:%{i}.x.test ptr -all", "something else"],
    "loop.test": ["v=spf1 include:loop.test -all"],
    "two.test": ["v=spf1 -all", "V=SPF1 +all"],
    "nine.test": ["v=spf1" + " a:x.test" * 9 + " -all"],
}


@pytest.mark.parametrize(
    ("record", "total"),
    [
        ("v=spf1 ip4:198.18.0.1 ip6:2001:2::/48 ~all", 0),
        ("v=spf1 A MX:x.test/24 a/24 a:x.test//64 -all", 4),
        ("v=spf1 include:a.test -all", 3),
        ("v=spf1 ?include:b.test. -all", 6),
        ("v=spf1 redirect=a.test", 3),
        ("v=spf1 redirect=a.test ~all", 0),
        ("v=spf1 exp=a.test -all", 0),
        ("v=spf1 include:%{d}.x.test -all", 1),
        ("v=spf1 include:nine.test -all", 10),
        ("v=spf1 include:nine.test a -all", 11),
    ],
)
def test_all_that_costs_is_counted_through_includes(record: str, total: int) -> None:
    count = count_lookups(record, lambda name: PUBLISHED.get(name, []))
    assert count.total == total
    assert count.broken == []


@pytest.mark.parametrize(
    ("target", "said"),
    [("none.test", "no SPF"), ("two.test", "2 SPF"), ("loop.test", "leads back to itself")],
)
def test_an_include_that_fails_is_named(target: str, said: str) -> None:
    count = count_lookups(f"v=spf1 include:{target} -all", lambda name: PUBLISHED.get(name, []))
    assert len(count.broken) == 1
    assert said in count.broken[0]


def test_a_chain_without_end_ends() -> None:
    count = count_lookups("v=spf1 include:0.test", lambda n: [f"v=spf1 include:{n}x include:y{n}"])
    assert 10 < count.total < 100


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
