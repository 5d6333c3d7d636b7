"""Breaks the lab's mail hosts and zones in one way, and puts back what was there.

A mutation is a context manager: what it breaks is broken while it lasts.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone
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
from labkit import MAIL_HOSTS, command, on
from postwright.lab.plan import ZONES

HOSTNAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
# Zones in which a mail host's name lies; the others' hosts lie in alpha.test.
HOST_ZONES, OTHER_ZONES = ("alpha.test", "gamma.test"), ("beta.test", "delta.test")
DOMAINS = tuple(sorted((*HOST_ZONES, *OTHER_ZONES)))
SECOND_SERVER = "ns2.test"
HERE = "/run/criteria"
CHAIN = "$(postconf -hx smtpd_tls_chain_files)"
"""The file of a host's private key and certificates, to a shell on it."""
_TTL = 1  # seconds


class Bench:
    """The lab, and the means to break it."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._tsig = facts["tsig"]
        self._ns1 = facts["hosts"]["ns1"]["ipv4"]
        self._keyring = dns.tsigkeyring.from_text({self._tsig["name"]: self._tsig["secret"]})

    def records(self, zone: str) -> dict[tuple[str, str], list[str]]:
        """Return a zone's record sets by name and type, as its primary server has them."""
        found = dns.query.xfr(
            self._ns1, zone, keyring=self._keyring, keyalgorithm=self._tsig["algorithm"],
            relativize=False, timeout=20,
        )  # fmt: skip
        return {
            (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdataset.rdtype)): [
                rdata.to_text() for rdata in rdataset
            ]
            for name, rdataset in dns.zone.from_xfr(found, relativize=False).iterate_rdatasets()
        }

    def put(self, zone: str, sets: dict[tuple[str, str], list[str]]) -> None:
        """Have record sets of a zone be these values.

        Those that go are deleted one by one: a server leaves a zone's own NS set as a whole alone
        (RFC 2136 3.4.2.4).
        """
        there = self.records(zone)
        update = dns.update.UpdateMessage(
            zone, keyring=self._keyring, keyalgorithm=self._tsig["algorithm"]
        )
        for (name, kind), values in sets.items():
            for value in set(there.get((name, kind), [])) - set(values):
                update.delete(f"{name}.", kind, value)
            for value in values:
                update.add(f"{name}.", _TTL, kind, value)
        answer = dns.query.tcp(update, self._ns1, timeout=20)
        assert answer.rcode() == 0, answer
        on("ns1", "unbound-control", "-q", "flush_zone", "test")

    def current(self) -> set[str]:
        """Return the digests of the keys that the hosts use now (TLSA 3 1 1)."""
        script = f"openssl pkey -in {CHAIN} -pubout -outform DER | sha256sum"
        return {said.split()[0] for said in _everywhere(script)}


Mutation = Callable[[Bench], AbstractContextManager[None]]
Values = Callable[[Bench, list[str]], list[str]]
"""From a record set's values to those that stand in their place."""


Issue = Callable[[str, str], str]
"""From a host's name and its public key to the certificates to show, all in PEM."""


def zone_of(name: str, kind: str) -> str:
    """Return the lab's zone in which a record set stands: a DS record's is the parent."""
    own = [zone for zone in ZONES if name == zone or name.endswith(f".{zone}")]
    return max((zone for zone in own if kind != "DS" or zone != name), key=len)


def records(patterns: tuple[str, ...], kind: str, values: Values) -> Mutation:
    """Return the replacement of all record sets of a type whose names fit shell patterns."""

    @contextmanager
    def replaced(bench: Bench) -> Iterator[None]:
        before: dict[str, dict[tuple[str, str], list[str]]] = {}
        for pattern in patterns:
            zone = zone_of(pattern, kind)
            fitting = {
                each: old
                for each, old in bench.records(zone).items()
                if each[1] == kind and fnmatch(each[0], pattern)
            }
            assert fitting, f"{zone} has no {kind} record at {pattern}"
            before.setdefault(zone, {}).update(fitting)
        try:
            for zone, sets in before.items():
                bench.put(zone, {each: values(bench, old) for each, old in sets.items()})
            yield
        finally:
            for zone, sets in before.items():
                bench.put(zone, sets)

    return replaced


@contextmanager
def second_server(bench: Bench, facts: dict[str, Any]) -> Iterator[None]:
    """Have every mail domain's zone name a second server: ns1 under another name and address."""
    ns1 = facts["hosts"]["ns1"]
    ipv4 = f"{ns1['ipv4'].rpartition('.')[0]}.11"
    ipv6 = f"{ns1['ipv6'].rpartition(':')[0]}:11"
    knot = "/etc/knot/knot.conf"
    answering = on_hosts(
        f"ip address add {ipv4}/24 dev host0; ip address add {ipv6}/64 dev host0 nodad; "
        f"cp -p {knot} {knot}.one; sed -i 's/listen: \\[ /&{ipv4}@53, {ipv6}@53, /' {knot}; "
        "systemctl restart knot",
        f"mv {knot}.one {knot}; systemctl restart knot; "
        f"ip address del {ipv4}/24 dev host0; ip address del {ipv6}/64 dev host0",
        ("ns1",),
    )
    one, both = ["ns1.test."], ["ns1.test.", f"{SECOND_SERVER}."]
    cuts = {(zone, "NS"): both for zone in DOMAINS}
    with answering(bench):
        try:
            bench.put(
                "test", {(SECOND_SERVER, "A"): [ipv4], (SECOND_SERVER, "AAAA"): [ipv6], **cuts}
            )
            for cut, servers in cuts.items():
                bench.put(cut[0], {cut: servers})
            yield
        finally:
            for cut in cuts:
                bench.put(cut[0], {cut: one})
            gone_too = {(SECOND_SERVER, "A"): [], (SECOND_SERVER, "AAAA"): []}
            bench.put("test", {**gone_too, **dict.fromkeys(cuts, one)})


def gone(_: Bench, __: list[str]) -> list[str]:
    """Return no values."""
    return []


def instead(value: str) -> Values:
    """Return the way to one value, whatever was there."""
    return lambda _, __: [value]


def current_key_alone(bench: Bench, old: list[str]) -> list[str]:
    """Return those of TLSA values that are of a key in use."""
    in_use = bench.current()
    return [value for value in old if value.split()[3] in in_use]


def on_hosts(do: str, undo: str, hosts: tuple[str, ...] = MAIL_HOSTS) -> Mutation:
    """Return what a shell does on hosts; both mail hosts where none are named."""

    @contextmanager
    def done(_: Bench) -> Iterator[None]:
        try:
            _everywhere(do, hosts)
            yield
        finally:
            _everywhere(undo, hosts)

    return done


def _everywhere(script: str, hosts: tuple[str, ...] = MAIL_HOSTS) -> list[str]:
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(lambda host: on(host, "sh", "-ec", script), hosts))


_KEEP = f"mkdir -p -m 700 {HERE}; cp -p /etc/postfix/master.cf {HERE}/master.cf; "
_RESTORE = f"cp -p {HERE}/master.cf /etc/postfix/master.cf; postfix reload; rm -r {HERE}"


def smtpd(*settings: str, openssl: str = "") -> Mutation:
    """Return other settings of port 25 (master.cf, `-o`).

    Args:
        settings: as `name=value`.
        openssl: a line of an openssl.cnf(5) in the place of the profile's.
    """
    do = _KEEP
    if openssl:
        lines = ("openssl_conf = a", "[a]", "ssl_conf = b", "[b]", "system_default = c", "[c]")
        text = "\n".join((*lines, openssl, ""))
        do += f"printf %s {shlex.quote(text)} >{HERE}/openssl.cnf; "
        settings = (*settings, f"tls_config_file={HERE}/openssl.cnf")
    # postconf takes no blanks here; a list may have commas.
    for each in settings:
        do += f"postconf -P {shlex.quote(f'smtp/inet/{each}')}; "
    return on_hosts(f"{do} postfix reload", _RESTORE)


def certified(issue: Issue, *settings: str) -> Mutation:
    """Return another private key and chain on port 25.

    Args:
        issue: makes the certificates; where they are for another key, that comes first.
        settings: further ones of Postfix, as `name=value`.
    """
    own = smtpd(f"smtpd_tls_chain_files={HERE}/chain.pem", *settings)

    @contextmanager
    def shown(bench: Bench) -> Iterator[None]:
        for host, hostname in HOSTNAMES.items():
            public = on(host, "sh", "-ec", f"openssl pkey -in {CHAIN} -pubout")
            made = issue(hostname, public)
            key = "" if "PRIVATE KEY" in made else f"openssl pkey -in {CHAIN}; "
            script = f"mkdir -p -m 700 {HERE}; {{ {key}cat; }} >{HERE}/chain.pem"
            done = command("scripts/lab", "exec", host, "--", "sh", "-ec", script, input=made)
            assert done.returncode == 0, done.stderr
        with own(bench):
            yield

    return shown


def relayed(mode: str) -> Mutation:
    """Return the relay of criteria_relay.py in Postfix's place; Postfix itself stands behind it."""
    relay = Path(__file__).with_name("criteria_relay.py").read_text()
    do = (
        f"{_KEEP} cat >{HERE}/relay.py <<'END'\n{relay}\nEND\n"
        "sed -i -E 's/^smtp +inet/127.0.0.1:2526 inet/' /etc/postfix/master.cf; postfix reload\n"
        f"systemd-run --quiet --collect --unit=criteria -p Restart=on-failure -p RestartSec=100ms "
        f"python3 {HERE}/relay.py {mode} {CHAIN}"
    )
    return on_hosts(do, f"systemctl stop criteria || true; {_RESTORE}")


def by_the_labs_authority(name: str = "", weak_hash: bool = False) -> Issue:
    """Return how the lab's authority, which every lab host trusts, certifies a host's own key.

    Args:
        name: another name than the host's.
        weak_hash: whether it signs with SHA-224.
    """

    def issue(hostname: str, public: str) -> str:
        lab = Authority()
        digest = hashes.SHA224 if weak_hash else hashes.SHA256
        key = load_pem_public_key(public.encode())
        made = certificate(name or hostname, key, lab.certificate.subject, lab.key, digest=digest)
        return made.public_bytes(Encoding.PEM).decode() + lab.pem

    return issue


def by_nobodys_authority(hostname: str, public: str) -> str:
    """Return a certificate for a host's own key, from an authority that nobody knows."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody's authority")])
    signer = ec.generate_private_key(ec.SECP256R1())
    made = certificate(hostname, load_pem_public_key(public.encode()), issuer, signer)
    return made.public_bytes(Encoding.PEM).decode()


def for_a_short_key(hostname: str, _: str) -> str:
    """Return a key of RSA-1024, and the lab's authority's certificate for it."""
    lab = Authority()
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    made = certificate(hostname, key.public_key(), lab.certificate.subject, lab.key)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + made.public_bytes(Encoding.PEM)).decode() + lab.pem
