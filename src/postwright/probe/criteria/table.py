"""The criteria of Internet.nl's mail test: what is asked, its source, and how a miss is mended.

Its mail test has 38: these 32, and the six on RPKI in LEFT_OUT. Ids are Internet.nl's own names of
its subtests (its file checks/categories.py); NCSC is the IT Security Guidelines for Transport
Layer Security of NCSC-NL, version 2025-05, by guideline.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Category(StrEnum):
    """Internet.nl's four groups that are judged here."""

    IPV6 = "IPv6"
    DNSSEC = "DNSSEC"
    AUTH = "sender"
    TLS = "TLS"


class Criterion(NamedTuple):
    """One subtest."""

    id: str
    category: Category
    promise: str
    source: str
    mend: str


_PROVIDER = "ask the zone's DNS provider"
_PROFILE = "run playbooks/hosts.yml: the TLS profile of the roles has nothing else"
_PUBLISH = "see the plan: postwright dns plan; then run playbooks/cutover.yml"
_CERTIFICATE = "run playbooks/hosts.yml: the role certificates orders what is missing or wrong"
_SIGN = "sign the zone at its provider and give its DS record to the registrar"

CRITERIA = (
    Criterion(
        "ns_aaaa", Category.IPV6, "two name servers or more have an IPv6 address",
        "RFC 3901, RFC 2182 5", f"{_PROVIDER} for a second name server with IPv6",
    ),
    Criterion(
        "ns_reach", Category.IPV6, "every IPv6 address of its name servers answers",
        "RFC 3901", f"{_PROVIDER} why it does not answer over IPv6",
    ),
    Criterion(
        "mx_aaaa", Category.IPV6, "every mail host has an IPv6 address",
        "RFC 8200, RFC 5321 5.2", "give the host an IPv6 address and state it: mail_ipv6",
    ),
    Criterion(
        "mx_reach", Category.IPV6, "every IPv6 address of its mail hosts takes mail",
        "RFC 5321 5.2", "see that the host has that address, and that no firewall drops port 25",
    ),
    Criterion(
        "dnssec_exists", Category.DNSSEC, "the domain is signed", "RFC 4035 5", _SIGN,
    ),
    Criterion(
        "dnssec_valid", Category.DNSSEC, "its signatures are valid", "RFC 4035 5.5",
        "compare the DS record at the parent with the zone's keys; see if signatures have expired",
    ),
    Criterion(
        "dnssec_mx_exists", Category.DNSSEC, "the mail hosts' names are signed",
        "RFC 4035 5", _SIGN,
    ),
    Criterion(
        "dnssec_mx_valid", Category.DNSSEC, "their signatures are valid", "RFC 4035 5.5",
        "compare the DS record at the parent with the zone's keys; see if signatures have expired",
    ),
    Criterion(
        "dmarc", Category.AUTH, "it has one DMARC record", "RFC 7489 6.6.3, RFC 9989", _PUBLISH,
    ),
    Criterion(
        "dmarc_policy", Category.AUTH, "its DMARC policy is quarantine or reject, well formed",
        "RFC 7489 6.3, 7.1, RFC 9989",
        "set dmarc.policy of the domain to quarantine or reject, then run playbooks/cutover.yml",
    ),
    Criterion("dkim", Category.AUTH, "it has DKIM keys", "RFC 6376 3.6.2.1",
              "run playbooks/announce.yml: it publishes the hosts' keys"),
    Criterion("spf", Category.AUTH, "it has one SPF record", "RFC 7208 4.5", _PUBLISH),
    Criterion(
        "spf_policy", Category.AUTH, "its SPF record ends in ~all or -all and can be evaluated",
        "RFC 7208 4.6.4, 5.1", "see `postwright dns check`, which names what costs too much",
    ),
    Criterion(
        "starttls_exists", Category.TLS, "every mail host offers STARTTLS", "RFC 3207, NCSC 3.1",
        _PROFILE,
    ),
    Criterion("tls_version", Category.TLS, "no TLS before 1.2", "NCSC 3.3.1, RFC 8996", _PROFILE),
    Criterion(
        "tls_ciphers", Category.TLS, "only cipher suites that are sufficient or good",
        "NCSC 3.3.3, 3.3.4, appendix B", _PROFILE,
    ),
    Criterion(
        "tls_cipher_order", Category.TLS, "no worse cipher suite is chosen before a better one",
        "NCSC 3.3.1", _PROFILE,
    ),
    Criterion(
        "fs_params", Category.TLS, "only key exchange groups that are good", "NCSC 3.3.3.1",
        _PROFILE,
    ),
    Criterion(
        "kex_hash_func", Category.TLS, "signs its key exchange with no SHA-1, MD5 or SHA-224",
        "NCSC 3.3.5, RFC 9155", _PROFILE,
    ),
    Criterion("tls_compression", Category.TLS, "no TLS compression", "NCSC 3.4.1, RFC 9325 3.3",
              _PROFILE),
    Criterion(
        "renegotiation_secure", Category.TLS, "renegotiation is bound to the connection",
        "NCSC 3.4.2, RFC 5746", _PROFILE,
    ),
    Criterion(
        "renegotiation_client", Category.TLS, "a client cannot begin a renegotiation",
        "NCSC 3.4.2", _PROFILE,
    ),
    Criterion("zero_rtt", Category.TLS, "no early data", "NCSC 3.4.4, RFC 8446 8", _PROFILE),
    Criterion(
        "extended_master_secret", Category.TLS, "knows the extended master secret in TLS 1.2",
        "NCSC 3.4.5, RFC 7627", _PROFILE,
    ),
    Criterion(
        "cert_trust", Category.TLS, "the certificate's chain is trusted", "NCSC 3.2.1, RFC 5280 6",
        f"{_CERTIFICATE}; a CA of your own has to be trusted where the probe runs",
    ),
    Criterion(
        "cert_pubkey", Category.TLS, "the certificate's public key is long enough", "NCSC 3.3.2.1",
        _CERTIFICATE,
    ),
    Criterion(
        "cert_signature", Category.TLS, "the certificate is signed with SHA-256 or better",
        "NCSC 3.3.2, 3.3.5", "order it from a CA that signs with SHA-2",
    ),
    Criterion(
        "cert_hostmatch", Category.TLS, "the certificate bears the mail host's name",
        "NCSC 3.2.2, RFC 9525", _CERTIFICATE,
    ),
    Criterion(
        "caa", Category.TLS, "CAA says who may issue for the mail host", "RFC 8659 3", _PUBLISH,
    ),
    Criterion(
        "dane_exists", Category.TLS, "every mail host has a validated TLSA record", "RFC 7672 2.1",
        f"{_PUBLISH}; it needs DNSSEC",
    ),
    Criterion(
        "dane_valid", Category.TLS, "the TLSA records match the certificates", "RFC 7672 3",
        "run playbooks/cutover.yml: it publishes the keys that the hosts have",
    ),
    Criterion(
        "dane_rollover", Category.TLS, "TLSA records cover the current key and the next",
        "RFC 7671 8.1", "run playbooks/cutover.yml: it publishes the keys that the hosts have",
    ),
)  # fmt: skip

_RPKI = "who may route an address is said in the RPKI and in BGP, not in DNS or at the host"
_ADDRESSES = ("ns", "mail", "mail_mx_ns")
LEFT_OUT = {f"{whose}_rpki_{what}": _RPKI for whose in _ADDRESSES for what in ("exists", "valid")}
"""Internet.nl's other six, and why they cannot be judged offline."""
