"""A given certificate that others would not accept is refused, and its mend said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from postwright.certificates import Pem, Trouble, check_given, check_sources, issuer_of, read_root

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NAME = "mx1.alpha.test"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def key_of(who: str) -> Key:
    """Return the private key of a party."""
    if who.startswith("rsa"):
        return rsa.generate_private_key(65537, int(who.removeprefix("rsa")))
    return ec.generate_private_key(ec.SECP521R1() if who == "p521" else ec.SECP256R1())


def issued(
    who: str, issuer: str, names: tuple[str, ...] = (), begin: int = -1, days: int = 90
) -> x509.Certificate:
    """Return a certificate for a party's key, by an issuer."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(f"CN={who}"))
        .issuer_name(x509.Name.from_rfc4514_string(f"CN={issuer}"))
        .public_key(key_of(who).public_key())
        .serial_number(1)
        .not_valid_before(NOW + timedelta(days=begin))
        .not_valid_after(NOW + timedelta(days=days))
    )
    if names:
        covered = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(covered, critical=False)
    return builder.sign(key_of(issuer), SHA256())


def chain(*certificates: x509.Certificate) -> str:
    """Return certificates in PEM."""
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def secret(who: str, passphrase: bytes = b"") -> str:
    """Return a private key in PEM."""
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key_of(who).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()


ROOT, MIDDLE = issued("root", "root"), issued("middle", "root")
LEAF = issued("leaf", "middle", (NAME,))
GOOD = Pem("chain.pem", chain(LEAF, MIDDLE), "key.pem", secret("leaf"))


def said(pem: Pem, names: tuple[str, ...] = (NAME,)) -> list[Trouble]:
    """Return what is wrong with a given certificate on a host that trusts the root."""
    return check_given(pem, names, [ROOT], NOW)


def by_root(who: str, names: tuple[str, ...] = (NAME,), begin: int = -1, days: int = 90) -> Pem:
    """Return a certificate that the root itself issued."""
    text = chain(issued(who, "root", names, begin, days))
    return replace(GOOD, chain=text, key=secret(who))


@pytest.mark.parametrize("who", ["leaf", "rsa2048", "rsa3072"])
def test_a_good_certificate_is_taken(who: str) -> None:
    assert said(by_root(who)) == []


def test_intermediates_and_the_root_itself_may_stand_in_the_file() -> None:
    assert said(GOOD) == []
    assert said(replace(GOOD, chain=chain(LEAF, MIDDLE, ROOT))) == []


def test_a_wildcard_covers_one_label() -> None:
    assert said(by_root("leaf", ("*.alpha.test",))) == []
    (trouble,) = said(by_root("leaf", ("*.test",)))
    assert "does not cover mx1.alpha.test (it has *.test)" in trouble.what


@pytest.mark.parametrize(
    ("pem", "where", "what"),
    [
        (replace(GOOD, key=secret("middle")), "key.pem", "is not the key of the given certificate"),
        (replace(GOOD, key=secret("leaf", b"open")), "key.pem", "locked with a passphrase"),
        (replace(GOOD, key="nothing"), "key.pem", "has no private key in PEM"),
        (replace(GOOD, chain="nothing"), "chain.pem", "has no certificate in PEM"),
        (replace(GOOD, chain=chain(LEAF)), "chain.pem", "ends at CN=middle, whom nobody here"),
        (replace(GOOD, chain=chain(LEAF, ROOT)), "chain.pem", "is not issued by the next one"),
        (by_root("leaf", ("mx2.gamma.test",)), "chain.pem", "does not cover mx1.alpha.test"),
        (by_root("leaf", ()), "chain.pem", "(it has no name)"),
        (by_root("leaf", days=0), "chain.pem", "ended on 2026-11-25"),
        (by_root("leaf", begin=2), "chain.pem", "begins only on 2026-11-27"),
        (by_root("rsa1024"), "chain.pem", "is for a key that not every peer takes"),
        (by_root("p521"), "chain.pem", "is for a key that not every peer takes"),
    ],
)
def test_what_others_would_not_accept_is_refused(pem: Pem, where: str, what: str) -> None:
    (trouble,) = said(pem)
    assert trouble.where == where
    assert what in trouble.what
    assert trouble.mend
    assert "PRIVATE" not in str(trouble) + repr(pem)


def test_a_root_is_one_certificate() -> None:
    assert read_root("ca.pem", chain(ROOT)) == ROOT
    for text in ("nothing", chain(ROOT, MIDDLE)):
        assert isinstance(read_root("ca.pem", text), Trouble)


@pytest.mark.parametrize(
    ("given", "directory", "eab", "where"),
    [
        (["mx9.alpha.test"], "letsencrypt", ("", ""), "certificates_given.mx9.alpha.test"),
        ([], "", ("", ""), "certificates_acme_directory"),
        ([], "letsencrpt", ("", ""), "certificates_acme_directory"),
        ([], "letsencrypt", ("kid", ""), "certificates_acme_eab_key"),
        ([], "letsencrypt", ("", "a2V5"), "certificates_acme_eab_kid"),
        ([], "letsencrypt", ("kid", 'a"; reboot'), "certificates_acme_eab_key"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(
    given: list[str], directory: str, eab: tuple[str, str], where: str
) -> None:
    (trouble,) = check_sources([NAME], given, directory, *eab)
    assert trouble.where == where
    assert not eab[1] or eab[1] not in str(trouble)


@pytest.mark.parametrize("directory", ["letsencrypt", "letsencrypt_staging", "https://ca.test/dir"])
def test_an_acme_server_is_stated_by_name_or_url(directory: str) -> None:
    assert list(check_sources([NAME], [], directory, "kid", "a2V5")) == []


def test_an_acme_server_with_a_name_has_its_cas_name_in_caa() -> None:
    assert issuer_of("letsencrypt") == issuer_of("letsencrypt_staging") == "letsencrypt.org"
    assert issuer_of("https://acme-v02.api.letsencrypt.org/directory") == "letsencrypt.org"
    assert issuer_of("") is issuer_of("https://ca.test/dir") is None
