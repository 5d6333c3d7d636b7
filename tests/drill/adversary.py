"""Sets up the adversary: certificates, names in a signed zone, and servers on the lab's client."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import dns.query
import dns.tsigkeyring
import dns.update
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from adversary_cases import CASES, Case, Chain, Names, Policy, Side, Web
from labkit import ROOT, command, on

HOME = "/run/adversary"
UNIT = "adversary"
_SIGNED, _UNSIGNED = "peer.test", "bogus.test"
_FIRST_ADDRESS = 100  # the last number of the first case's address in the lab's network
_TTL = 1  # seconds: what was said is soon forgotten, so that the lies can change


@dataclass(frozen=True)
class Certificate:
    """A server's key and chain, in PEM, and the digest of its public key."""

    pem: str
    digest: str


class Authority:
    """The lab's certificate authority, which every lab host trusts."""

    def __init__(self) -> None:
        keys = ROOT / ".lab" / "keys"
        self.pem = (keys / "ca.pem").read_text()
        self.certificate = x509.load_pem_x509_certificate(self.pem.encode())
        key = load_pem_private_key((keys / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key

    def digest(self) -> str:
        """Return the digest of its public key."""
        return _digest(self.key.public_key())

    def issue(self, name: str, chain: Chain) -> Certificate:
        """Return a certificate for a name, as good or as bad as asked for."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = "other.test" if chain is Chain.WRONG_NAME else name
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shown)])
        alone = chain is Chain.SELF_SIGNED
        ends = timedelta(days=-1 if chain is Chain.EXPIRED else 30)
        issuer = subject if alone else self.certificate.subject
        signer = key if alone else self.key
        issued = certificate(shown, key.public_key(), issuer, signer, ends)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem = private + issued.public_bytes(Encoding.PEM)
        return Certificate(pem.decode() + ("" if alone else self.pem), _digest(key.public_key()))


def certificate(
    name: str,
    key: CertificatePublicKeyTypes,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    ends: timedelta = timedelta(days=30),
    digest: type[hashes.SHA256 | hashes.SHA224] = hashes.SHA256,
) -> x509.Certificate:
    """Return a certificate of a server's name and key."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=2))
        .not_valid_after(datetime.now(UTC) + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, digest())
    )


def _digest(key: Any) -> str:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


class Adversary:
    """All cases at once, each with a domain and an address of its own."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.authority = Authority()
        self.run = secrets.token_hex(3)
        client = IPv4Address(facts["hosts"]["client"]["ipv4"])
        network = int(client) & ~0xFF
        self.web = str(client)
        self.addresses = {
            case.name: str(IPv4Address(network + _FIRST_ADDRESS + number))
            for number, case in enumerate(CASES)
        }
        self.added: dict[str, list[tuple[str, str, str]]] = {}
        self.files: dict[str, str] = {}

    def domain(self, case: Case) -> str:
        """Return the case's mail domain; of this run alone, so that nobody has heard of it."""
        zone = _UNSIGNED if case.side.names is Names.STRIPPED else _SIGNED
        return f"{case.name}.{self.run}.{zone}"

    def show(self, first: bool) -> None:
        """Have every case show its side: the first one, or the one that is the lie."""
        sides, records, self.files = {}, [], {}
        for case in CASES:
            side = (case.before or case.side) if first else case.side
            shown, own = self._side(case, side)
            sides[case.name] = shown
            records += own
        # The certificates first: a side names its own.
        self._put(self.files | {"sides.json": json.dumps(sides)})
        self._publish(records)

    def heard(self) -> list[dict[str, Any]]:
        """Return what clients said so far."""
        text = on("client", "sh", "-c", f"cat {HOME}/heard.jsonl 2>/dev/null || true")
        return [json.loads(line) for line in text.splitlines()]

    def _side(self, case: Case, side: Side) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
        domain = self.domain(case)
        host = f"mx.{domain}"
        chain = f"{case.name}.{side.chain.name}.pem"
        own = self.authority.issue(host, side.chain)
        self.files[chain] = own.pem
        shown: dict[str, Any] = {
            "address": self.addresses[case.name],
            "starttls": side.starttls,
            "only_tls_1_0": side.only_tls_1_0,
            "chain": chain,
            "web": None,
        }
        records = [(domain, "MX", f"10 {host}."), (host, "A", self.addresses[case.name])]
        digests = {"own": own.digest, "ca": self.authority.digest(), "other": "00" * 32}
        for each in side.tlsa:
            head, _, whose = each.rpartition(" ")
            records.append((f"_25._tcp.{host}", "TLSA", f"{head} {digests[whose]}"))
        if side.names is Names.SILENT:
            # A delegation to a name without address: whoever asks below it gets no answer.
            records.append((f"_tcp.{host}", "NS", f"nobody.{domain}."))
        if side.policy is not None:
            shown["web"] = self._policy(case, side.policy, host)
            text = f"v=STSv1; id={abs(hash(side)):x};"
            records.append((f"_mta-sts.{domain}", "TXT", f'"{text}"'))
            records.append((f"mta-sts.{domain}", "A", self.web))
        return shown, records

    def _policy(self, case: Case, policy: Policy, host: str) -> dict[str, str]:
        name = f"mta-sts.{self.domain(case)}"
        chain = f"{case.name}.web.pem"
        trusted = Chain.SELF_SIGNED if policy.web is Web.UNTRUSTED else Chain.GOOD
        self.files[chain] = self.authority.issue(name, trusted).pem
        pattern = f"*.{self.domain(case)}" if policy.mx == "*." else policy.mx or host
        lines = ["version: STSv1", f"mode: {policy.mode}", f"mx: {pattern}",
                 f"max_age: {policy.max_age}", ""]  # fmt: skip
        return {"name": name, "answer": policy.web, "chain": chain, "policy": "\r\n".join(lines)}

    def _put(self, files: dict[str, str]) -> None:
        script = (
            "import json, pathlib, sys\n"
            "for name, text in json.load(sys.stdin).items():\n"
            f"    new = pathlib.Path('{HOME}', f'{{name}}.new')\n"
            "    new.write_text(text)\n"
            f"    new.rename(pathlib.Path('{HOME}', name))\n"
        )
        done = command("scripts/lab", "exec", "client", "--", "python3", "-c", script,
                       input=json.dumps(files))  # fmt: skip
        assert done.returncode == 0, done.stderr

    def _publish(self, records: list[tuple[str, str, str]]) -> None:
        """Have ns1 answer with these records of ours, and no others."""
        wanted: dict[str, list[tuple[str, str, str]]] = {_SIGNED: [], _UNSIGNED: []}
        for record in records:
            wanted[_UNSIGNED if f".{_UNSIGNED}" in f".{record[0]}" else _SIGNED].append(record)
        for zone, found in wanted.items():
            update = self._update(zone)
            for name, kind, _ in self.added.get(zone, []):
                update.delete(f"{name}.", kind)
            for name, kind, value in found:
                update.add(f"{name}.", _TTL, kind, value)
            self._send(update)
            self.added[zone] = found

    def _update(self, zone: str) -> dns.update.UpdateMessage:
        tsig = self.facts["tsig"]
        keyring = dns.tsigkeyring.from_text({tsig["name"]: tsig["secret"]})
        return dns.update.UpdateMessage(zone, keyring=keyring, keyalgorithm=tsig["algorithm"])

    def _send(self, update: dns.update.UpdateMessage) -> None:
        answer = dns.query.tcp(update, self.facts["hosts"]["ns1"]["ipv4"], timeout=20)
        assert answer.rcode() == 0, answer

    def _delegate(self) -> None:
        """Promise signatures for a zone that has none: to a validator, its answers are forged."""
        on("ns1", "sh", "-ec", f"""
            printf '%s\\n' '$TTL 60' '@ SOA ns1.test. h.test. 1 600 60 86400 1' '@ NS ns1.test.' \
                >/var/lib/knot/{_UNSIGNED}.zone
            chown knot: /var/lib/knot/{_UNSIGNED}.zone
            cp -p /etc/knot/knot.conf /etc/knot/knot.conf.before
            printf '%s\\n' '  - domain: {_UNSIGNED}' '    file: {_UNSIGNED}.zone' \
                '    dnssec-signing: off' >>/etc/knot/knot.conf
            knotc reload""")  # fmt: skip
        update = self._update("test")
        update.add(f"{_UNSIGNED}.", 60, "NS", "ns1.test.")
        update.add(f"{_UNSIGNED}.", 60, "DS", f"1 13 2 {'00' * 32}")
        self._send(update)

    def _end_delegation(self) -> None:
        update = self._update("test")
        update.delete(f"{_UNSIGNED}.")
        self._send(update)
        on("ns1", "sh", "-ec", "mv /etc/knot/knot.conf.before /etc/knot/knot.conf; knotc reload")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The adversary answers; all that it needed is taken away again."""
        words = [f"address {{verb}} {address}/24 dev host0" for address in self.addresses.values()]
        batch = "\n".join(words)
        server = (Path(__file__).parent / "adversary_server.py").read_text()
        self._delegate()
        try:
            on("client", "mkdir", "-p", "-m", "700", HOME)
            self._ip(batch.format(verb="add"))
            self._put({"server.py": server})
            self.show(first=True)
            on("client", "systemd-run", "--quiet", f"--unit={UNIT}", "--collect",
               "python3", f"{HOME}/server.py", self.web)  # fmt: skip
            on("client", "timeout", "20", "sh", "-c",
               f"until test -e {HOME}/ready; do sleep 0.1; done")  # fmt: skip
            yield
        finally:
            # Printed, for whoever reads why a test failed.
            on("client", "journalctl", "-o", "cat", "-q", "-n", "40", "-u", UNIT, status=None)
            on("client", "systemctl", "stop", UNIT, status=None)
            on("client", "rm", "-rf", HOME)
            self._ip(batch.format(verb="delete"))
            self._publish([])
            self._end_delegation()

    def _ip(self, batch: str) -> None:
        done = command("scripts/lab", "exec", "client", "--", "ip", "-force", "-batch", "-",
                       input=batch)  # fmt: skip
        assert done.returncode == 0, done.stderr
