"""The lab's own keys, made once per checkout and kept in .lab/keys.

SSH keys of the controller and of every host, the certificate authority, the
TSIG key, and the peer's DKIM keys. They survive `reset`, so a new disk is still
the host that known_hosts names, and end with `destroy`.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from postwright.lab.plan import NAMES, Host, Lab
from postwright.lab.shell import run, write

TSIG_NAME = "postwright-lab"
TSIG_ALGORITHM = "hmac-sha256"
PEER_SELECTORS = ("lab-r", "lab-e")
_YEARS = timedelta(days=3650)
_SERVER_LIFE = timedelta(days=820)


@dataclass(frozen=True)
class Keys:
    """Where the lab's keys lie."""

    directory: Path

    @property
    def ssh(self) -> Path:
        """The controller's SSH key."""
        return self.directory / "ssh"

    @property
    def known_hosts(self) -> Path:
        """The host keys of all hosts, by address."""
        return self.directory / "known_hosts"

    @property
    def ca(self) -> Path:
        """The certificate of the lab's certificate authority."""
        return self.directory / "ca.pem"

    def host_key(self, name: str) -> Path:
        """A host's SSH host key."""
        return self.directory / f"host-{name}"

    def tsig(self) -> str:
        """The TSIG secret, in base64."""
        return (self.directory / "tsig").read_text().strip()

    def dkim(self, selector: str) -> Path:
        """One of the peer's DKIM keys: PEM for RSA, a base64 seed for Ed25519."""
        return self.directory / f"dkim-{selector}"


def ensure(lab: Lab) -> Keys:
    """Make the keys that are missing."""
    keys = Keys(lab.home / "keys")
    keys.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in (keys.ssh, *map(keys.host_key, NAMES)):
        if not file.exists():
            _ssh_key(file)
    if not (keys.directory / "tsig").exists():
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        write(keys.directory / "tsig", f"{secret}\n", 0o600)
    if not keys.ca.exists():
        _authority(keys, lab)
    rsa_selector, ed25519_selector = PEER_SELECTORS
    if not keys.dkim(rsa_selector).exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        write(keys.dkim(rsa_selector), _pem(key), 0o600)
    if not keys.dkim(ed25519_selector).exists():
        seed = ed25519.Ed25519PrivateKey.generate().private_bytes_raw()
        write(keys.dkim(ed25519_selector), f"{base64.b64encode(seed).decode()}\n", 0o600)
    write(keys.known_hosts, _known_hosts(lab, keys))
    return keys


def dkim_records(keys: Keys) -> dict[str, str]:
    """The peer's DKIM records by selector (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
    rsa_selector, ed25519_selector = PEER_SELECTORS
    rsa_key = load_pem_private_key(keys.dkim(rsa_selector).read_bytes(), None)
    der = rsa_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    seed = base64.b64decode(keys.dkim(ed25519_selector).read_text())
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return {
        rsa_selector: f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}",
        ed25519_selector: f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}",
    }


def certificate(keys: Keys, host: Host, *names: str) -> tuple[str, str]:
    """A server certificate for a host: (chain, key) in PEM."""
    authority = x509.load_pem_x509_certificate(keys.ca.read_bytes())
    signer = load_pem_private_key((keys.directory / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    addresses: list[IPv4Address | IPv6Address] = [host.ipv4.ip, host.ipv6.ip]
    alternatives: list[x509.GeneralName] = [x509.DNSName(n) for n in (host.spec.fqdn, *names)]
    alternatives += [x509.IPAddress(address) for address in addresses]
    builder = (
        _builder(host.spec.fqdn, key.public_key(), _SERVER_LIFE)
        .issuer_name(authority.subject)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        # RFC 5280 section 4.2.1.1; Python 3.13 refuses a chain without it.
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    issued = builder.sign(signer, hashes.SHA256())
    return issued.public_bytes(Encoding.PEM).decode(), _pem(key)


def _ssh_key(file: Path) -> None:
    # ssh-keygen writes two files: both in place, or neither.
    new = file.with_name(f".{file.name}.new")
    for stale in (new, new.with_name(f"{new.name}.pub")):
        stale.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", new])
    new.with_name(f"{new.name}.pub").rename(file.with_name(f"{file.name}.pub"))
    new.rename(file)


def _known_hosts(lab: Lab, keys: Keys) -> str:
    lines = []
    for host in lab.hosts.values():
        algorithm, key = keys.host_key(host.name).with_suffix(".pub").read_text().split()[:2]
        lines.append(f"{host.ipv4.ip},{host.ipv6.ip} {algorithm} {key}\n")
    return "".join(lines)


def _authority(keys: Keys, lab: Lab) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    name = f"Postwright lab {lab.name}"
    builder = (
        _builder(name, key.public_key(), _YEARS)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    write(keys.directory / "ca.key", _pem(key), 0o600)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    write(keys.ca, pem)


def _builder(name: str, key: ec.EllipticCurvePublicKey, life: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
