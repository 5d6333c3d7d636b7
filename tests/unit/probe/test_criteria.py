"""Each of the 32 criteria is met by good facts, and turned red by a change of its own."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postwright.model import Domain, Host, Inventory
from postwright.probe.criteria import CRITERIA, LEFT_OUT, DomainFacts, judge
from postwright.probe.criteria.facts import Exchanger, NameServer, Signed
from postwright.probe.tls_look import Seen

HOST, IPV6 = "mx1.alpha.test", "2001:2::21"
NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KEY = ec.generate_private_key(ec.SECP256R1())


def chain(key: Key = KEY, digest: hashes.HashAlgorithm | None = None) -> list[list[str]]:
    """Return a chain of one certificate."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    made = x509.CertificateBuilder(issuer, name, key.public_key(), 1, NOW, NOW)
    signed = made.sign(KEY, digest or hashes.SHA256())
    return [[base64.b64encode(signed.public_bytes(Encoding.DER)).decode()]]


def tlsa(key: Key) -> str:
    """Return the value that names a key."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"3 1 1 {hashlib.sha256(public).hexdigest()}"


SEEN = Seen(
    HOST, IPV6, "IPv6", 25, versions=[0x0303, 0x0304], suites=[0xC02C, 0xC02B],
    suites_1_3=[0x1302], groups=[0x11EC, 0x1D], secure_renegotiation=True,
    extended_master_secret=True, chains=chain(),
)  # fmt: skip
SIGNED = Signed(delegated=True, valid=True)
NEXT = tlsa(ec.generate_private_key(ec.SECP256R1()))
MX = Exchanger(HOST, (IPV6,), SIGNED, ('0 issue "ca.test"',), (tlsa(KEY), NEXT), True, (SEEN,))
SPF, DMARC = "v=spf1 a:mx1.alpha.test ~all", "v=DMARC1; p=reject; sp=reject; np=reject"
GOOD = DomainFacts(
    name="alpha.test",
    servers=(NameServer("ns1.test", ("2001:2::10",)), NameServer("ns2.test", ("2001:2::11",))),
    signed=SIGNED, exchangers=(MX,), spf=(SPF,), spf_problems=(), dkim=True, dmarc=(DMARC,),
    dmarc_at="_dmarc.alpha.test", dmarc_refused=(),
)  # fmt: skip
INVENTORY = Inventory(
    domains={"alpha.test": Domain(name="alpha.test", hosts=["mx1"], dns="lab")},
    hosts={"mx1": Host(name="mx1", hostname=HOST, ipv4="198.18.0.21", ipv6=IPV6)},
    providers={}, owner="test", resolvers=[],
)  # fmt: skip


def mx(**changes: object) -> DomainFacts:
    return replace(GOOD, exchangers=(replace(MX, **changes),))


def seen(**changes: object) -> DomainFacts:
    return mx(seen=(replace(SEEN, **changes),))


def domain(**changes: object) -> Callable[[], DomainFacts]:
    return lambda: replace(GOOD, **changes)


MUTATIONS: dict[str, Callable[[], DomainFacts]] = {
    "ns_aaaa": domain(servers=GOOD.servers[:1]),
    "ns_reach": domain(
        servers=(GOOD.servers[0], replace(GOOD.servers[1], failing={"2001:2::11": "REFUSED"}))
    ),
    "mx_aaaa": lambda: mx(ipv6=()),
    "mx_reach": lambda: seen(trouble="ConnectionRefusedError"),
    "dnssec_exists": domain(signed=Signed(delegated=False, valid=True)),
    "dnssec_valid": domain(signed=Signed(delegated=True, valid=False)),
    "dnssec_mx_exists": lambda: mx(signed=Signed(delegated=False, valid=True)),
    "dnssec_mx_valid": lambda: mx(signed=Signed(delegated=True, valid=False)),
    "dmarc": domain(dmarc=(DMARC, DMARC)),
    "dmarc_policy": domain(dmarc=("v=DMARC1; p=none",)),
    "dkim": domain(dkim=False),
    "spf": domain(spf=()),
    "spf_policy": domain(spf=("v=spf1 a ?all",)),
    "starttls_exists": lambda: seen(no_starttls="502 5.5.1 not implemented"),
    "tls_version": lambda: seen(versions=[0x0302, 0x0303]),
    "tls_ciphers": lambda: seen(suites=[0xC02B, 0x002F]),
    "tls_cipher_order": lambda: seen(suites=[0xC023, 0xC02B]),
    "fs_params": lambda: seen(groups=[0x1D, 0x100]),
    "kex_hash_func": lambda: seen(weak_signatures=[0x0203]),
    "tls_compression": lambda: seen(compression=True),
    "renegotiation_secure": lambda: seen(secure_renegotiation=False),
    "renegotiation_client": lambda: seen(renegotiates=True),
    "zero_rtt": lambda: seen(early_data=16384),
    "extended_master_secret": lambda: seen(extended_master_secret=False),
    "cert_trust": lambda: seen(untrusted="self-signed certificate"),
    "cert_pubkey": lambda: seen(chains=chain(rsa.generate_private_key(65537, 1024))),  # noqa: S505 - weak on purpose
    "cert_signature": lambda: seen(chains=chain(digest=hashes.SHA224())),
    "cert_hostmatch": lambda: seen(misnamed="Hostname mismatch"),
    "caa": lambda: mx(caa=()),
    "dane_exists": lambda: mx(tlsa_valid=False),
    "dane_valid": lambda: mx(tlsa=(NEXT,)),
    "dane_rollover": lambda: mx(tlsa=(tlsa(KEY),)),
}


def missed(facts: DomainFacts) -> dict[str, str]:
    return {v.criterion: v.seen for v in judge(facts, INVENTORY) if not v.ok}


def test_there_are_32_of_internet_nls_38_and_each_has_a_mutation() -> None:
    assert len(CRITERIA) == 32
    assert len(LEFT_OUT) == 6
    assert [criterion.id for criterion in CRITERIA] == list(MUTATIONS)
    assert all(criterion.mend and criterion.source for criterion in CRITERIA)


def test_good_facts_meet_all() -> None:
    assert missed(GOOD) == {}


@pytest.mark.parametrize("criterion", MUTATIONS)
def test_a_mutation_turns_its_criterion_red(criterion: str) -> None:
    found = missed(MUTATIONS[criterion]())
    assert criterion in found
    assert found[criterion]


def test_what_the_inventory_asks_for_is_waived() -> None:
    bare = INVENTORY.hosts["mx1"].model_copy(update={"ipv6": None})
    inventory = INVENTORY.model_copy(update={"hosts": {"mx1": bare}})
    verdicts = {verdict.criterion: verdict for verdict in judge(mx(ipv6=()), inventory)}
    assert verdicts["mx_aaaa"].waived == "the inventory gives mx1 no mail_ipv6"
    assert not judge(MUTATIONS["tls_version"](), INVENTORY)[14].waived


@pytest.mark.parametrize(("days", "waived"), [(0, True), (1, True), (-1, False)])
def test_old_senders_are_no_fault_through_the_day_that_the_inventory_says(
    days: int, waived: bool
) -> None:
    until = datetime.date.today() + datetime.timedelta(days=days)
    host = INVENTORY.hosts["mx1"].model_copy(update={"old_senders_until": until})
    inventory = INVENTORY.model_copy(update={"hosts": {"mx1": host}})
    (verdict,) = (
        v for v in judge(MUTATIONS["tls_version"](), inventory) if v.criterion == "tls_version"
    )
    assert not verdict.ok
    assert bool(verdict.waived) == waived


def test_without_a_route_nothing_is_held_against_a_host() -> None:
    verdicts = judge(seen(trouble="no route from here"), INVENTORY)
    assert {v.waived for v in verdicts if v.criterion.startswith("tls_")} == {"no route from here"}
