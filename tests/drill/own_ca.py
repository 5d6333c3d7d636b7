"""A CA as an organisation has its own: a root that nobody else trusts, and what it issues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A drill's own CA")])

_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class OwnCa:
    """Issues certificates into a folder, as files in PEM."""

    def __init__(self, folder: Path) -> None:
        """Make the root."""
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.root = folder / "own-root.pem"
        self._write(self.root, self._signed(ROOT, self.key, []))

    def new_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """Make and keep the key of a certificate; the next certificates are for it."""
        key = ec.generate_private_key(ec.SECP256R1())
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / f"{name}.key").write_bytes(key.private_bytes(*form))
        return key

    def issue(self, name: str, names: list[str], key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
        """Return what `certificates_given` says of a new certificate."""
        chain = self.folder / f"{name}.pem"
        self._write(chain, self._signed(x509.Name([]), key, names))
        return {"chain": str(chain), "key": str(self.folder / f"{name}.key")}

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: list[str]
    ) -> x509.Certificate:
        """Return a certificate; the CA's own is the one without names."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(ROOT, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=90))
            .add_extension(x509.BasicConstraints(not names, None), critical=True)
            # Strict verification wants the rest (RFC 5280 4.2.1.1 to 4.2.1.3).
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
        )
        if not names:
            builder = builder.add_extension(_SIGNS, critical=True)
        else:
            found = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
            builder = builder.add_extension(found, critical=True)
        return builder.sign(self.key, SHA256())

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
