"""The certificates of this host as files (Postwright, role certificates).

A certificate's own folder holds its keys and the chain as they came. What its daemons load is one
file more, written by `serve`.
"""

import base64
import calendar
import hashlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CONFIG = Path("/etc/postwright/certificates.json")
# What the operator gives, and what the ACME client keeps.
GIVEN = Path("/etc/postwright/certificates")
ORDERED = Path("/var/lib/dehydrated/certs")
STATE = Path("/var/lib/postwright/certificates")
DAY = 86400  # seconds


@dataclass(frozen=True, eq=False)
class Certificate:
    """One certificate; `key` is a curve's name or the bits of an RSA key."""

    name: str
    names: list
    key: str
    units: list
    file: str
    given: bool
    formerly: list = ()

    @property
    def folder(self):
        """Where its keys and its chain lie."""
        return (GIVEN if self.given else ORDERED) / self.name

    @property
    def chain(self):
        """The certificate and its issuers, in PEM."""
        return self.folder / "fullchain.pem"

    @property
    def private_key(self):
        """The key that it is for."""
        return self.folder / "privkey.pem"

    @property
    def next_key(self):
        """The key that the next rollover takes; a given certificate has none."""
        return self.folder / "next.pem"

    @property
    def serves_mail(self):
        """Whether other mail hosts see it."""
        return "postfix" in self.units


@dataclass(frozen=True)
class Config:
    """What the inventory says; days are whole numbers."""

    host: str
    directory: str
    certificates: list
    renew_days: int
    alarm_days: int
    trusted: bool


def read_config():
    """Return what Ansible wrote down."""
    said = json.loads(CONFIG.read_text())
    given = said.pop("given")
    listed = [Certificate(**each, given=each["name"] in given) for each in said.pop("certificates")]
    return Config(certificates=listed, **said)


def run(*command, text=None):
    """Run a command, which keeps our lock if it outlives us; return its exit status and output."""
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, close_fds=False)  # fmt: skip
    return done.returncode, done.stdout


def replace(path, text):
    """Replace a file at once."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)


def make_keys(certificate):
    """Make the key in use and the one that the next rollover takes; return those that were made."""
    certificate.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A curve that every peer knows (RFC 8446 9.1), or RSA.
    form = (
        ("RSA", f"rsa_keygen_bits:{certificate.key}")
        if certificate.key.isdigit()
        else ("EC", f"ec_paramgen_curve:{certificate.key}")
    )
    made = []
    for key in (certificate.private_key, certificate.next_key):
        if key.exists():
            continue
        new = key.with_name(f".{key.name}.new")
        code, said = run("openssl", "genpkey", "-quiet", "-algorithm", form[0], "-pkeyopt", form[1],
                         "-out", str(new))  # fmt: skip
        if code:
            sys.exit(f"openssl genpkey: {said}")
        new.replace(key)
        made.append(key)
    return made


def digest(file):
    """Return the SHA-256 of a private key's public half, as TLSA 3 1 1 has it (RFC 7671 5.1)."""
    code, said = run("openssl", "pkey", "-pubout", "-in", str(file))
    if code:
        sys.exit(f"openssl pkey -in {file}: {said}")
    return hashlib.sha256(base64.b64decode("".join(said.splitlines()[1:-1]))).hexdigest()


def days_left(file):
    """Return for how many whole days the first certificate of a file is valid; None without one."""
    code, said = run("openssl", "x509", "-noout", "-enddate", "-in", str(file))
    if code:
        return None
    end = time.strptime(said.strip(), "notAfter=%b %d %H:%M:%S %Y GMT")
    return int((calendar.timegm(end) - time.time()) // DAY)


def unusable(certificate, trusted):
    """Return why the present certificate cannot serve, or None."""
    if not certificate.chain.exists():
        return "there is none"
    chain = str(certificate.chain)
    if run("openssl", "x509", "-noout", "-checkend", "0", "-in", chain)[0]:
        return "it has expired"
    if (run("openssl", "x509", "-noout", "-pubkey", "-in", chain)
            != run("openssl", "pkey", "-pubout", "-in", str(certificate.private_key))):  # fmt: skip
        return "it is for another key"
    for host in certificate.names:
        said = run("openssl", "x509", "-noout", "-checkhost", host, "-in", chain)[1]
        if "does match" not in said:
            return f"it does not name {host}"
    if trusted and run("openssl", "verify", "-untrusted", chain, chain)[0]:
        return "this host does not trust its issuer"
    return None
