"""What turns each criterion red: a mutation of real hosts or zones, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from criteria_certificates import by_nobodys_authority, by_the_labs_authority, for_a_short_key
from criteria_hosts import HOSTNAMES, Mutation, certified, on_hosts, relayed, smtpd
from criteria_zones import (
    DOMAINS,
    HOST_ZONES,
    OTHER_ZONES,
    SECOND_SERVER,
    current_key_alone,
    gone,
    instead,
    records,
)
from postwright.probe.criteria.by_tls import BY_PORT

Reds = Mapping[str, frozenset[str]]
"""Criteria that are missed, by domain."""


@dataclass(frozen=True)
class Case:
    """A mutation, by the criterion that it is for.

    Attributes:
        criterion: the criterion's id.
        what: the mutation in words.
        mutation: the mutation.
        reds: everything that it turns red, the criterion among it.
    """

    criterion: str
    what: str
    mutation: Mutation
    reds: Reds


def at(domains: tuple[str, ...], *criteria: str) -> Reds:
    """Return that these criteria are missed at these domains."""
    return dict.fromkeys(domains, frozenset(criteria))


def everywhere(*criteria: str) -> Reds:
    """Return that these criteria are missed at every domain."""
    return at(DOMAINS, *criteria)


_MX = tuple(HOSTNAMES.values())
_TLSA = tuple(f"_25._tcp.{name}" for name in _MX)
_ON_25 = ("starttls_exists", *BY_PORT)
_DANE = ("dane_exists", "dane_valid", "dane_rollover")
_OWN, _HOSTS = ("dnssec_exists", "dnssec_valid"), ("dnssec_mx_exists", "dnssec_mx_valid")
_NO_DIGEST = "00" * 32
_FORGED = f"1 13 2 {_NO_DIGEST}"
# What else openssl-s_server(1) takes by default.
_OPENSSL = ("tls_ciphers", "tls_cipher_order", "fs_params", "kex_hash_func")
_CBC = "ECDHE-ECDSA-AES128-SHA256"
_GCM = "ECDHE-ECDSA-AES128-GCM-SHA256"
_RSA = "ECDHE-RSA-AES256-GCM-SHA384"
_DROP = """nft -f - <<'END'
table ip6 criteria {
    chain input { type filter hook input priority -5; tcp dport 25 reject with tcp reset; }
}
END"""
_KNOT = "/etc/knot/knot.conf"

CASES = (
    Case("ns_aaaa", "one of both name servers has no AAAA record",
         records((SECOND_SERVER,), "AAAA", gone), everywhere("ns_aaaa")),
    Case("ns_reach", "the name servers listen on IPv4 alone",
         on_hosts(f"cp -p {_KNOT} {_KNOT}.kept; "
                  f"sed -i -E '/listen:/s/, [0-9a-f]+:[0-9a-f:]+@53//g' {_KNOT}; "
                  "systemctl restart knot",
                  f"mv {_KNOT}.kept {_KNOT}; systemctl restart knot", ("ns1",)),
         everywhere("ns_reach")),
    Case("mx_aaaa", "the mail hosts' AAAA records are gone", records(_MX, "AAAA", gone),
         everywhere("mx_aaaa", "mx_reach")),
    Case("mx_reach", "a firewall refuses port 25 over IPv6",
         on_hosts(_DROP, "nft delete table ip6 criteria"),
         everywhere("mx_reach", *_ON_25, "dane_valid")),
    Case("dnssec_exists", "no DS record stands in the parent", records(OTHER_ZONES, "DS", gone),
         at(OTHER_ZONES, *_OWN)),
    Case("dnssec_valid", "the DS record is of a key that the zone has not",
         records(OTHER_ZONES, "DS", instead(_FORGED)), at(OTHER_ZONES, "dnssec_valid")),
    Case("dnssec_mx_exists", "the zone of the mail hosts' names has no DS record",
         records(HOST_ZONES, "DS", gone),
         {**at(HOST_ZONES, *_OWN, *_HOSTS, "dane_exists"),
          **at(OTHER_ZONES, *_HOSTS, "dane_exists")}),
    Case("dnssec_mx_valid", "that zone's DS record is of a key that it has not",
         records(HOST_ZONES, "DS", instead(_FORGED)),
         {**at(HOST_ZONES, "dnssec_valid", "dnssec_mx_valid", *_DANE),
          **at(OTHER_ZONES, "dnssec_mx_valid", *_DANE)}),
    Case("dmarc", "no DMARC record",
         records(tuple(f"_dmarc.{name}" for name in DOMAINS), "TXT", gone),
         everywhere("dmarc", "dmarc_policy")),
    Case("dmarc_policy", "the DMARC policy is none",
         records(tuple(f"_dmarc.{name}" for name in DOMAINS), "TXT", instead('"v=DMARC1; p=none"')),
         everywhere("dmarc_policy")),
    Case("dkim", "no key below _domainkey",
         records(tuple(f"*._domainkey.{name}" for name in DOMAINS), "TXT", gone),
         everywhere("dkim")),
    Case("spf", "no SPF record", records(DOMAINS, "TXT", gone), everywhere("spf", "spf_policy")),
    Case("spf_policy", "the SPF record lets everybody send",
         records(DOMAINS, "TXT", instead('"v=spf1 +all"')), everywhere("spf_policy")),
    Case("starttls_exists", "smtpd_tls_security_level=none",
         smtpd("smtpd_tls_security_level=none"), everywhere(*_ON_25, "dane_valid")),
    Case("tls_version", "smtpd_tls_protocols=>=TLSv1, with what TLS 1.0 needs",
         smtpd("smtpd_tls_protocols=>=TLSv1", "smtpd_tls_ciphers=medium",
               "tls_config_file=default"),
         everywhere("tls_version", "tls_ciphers", "tls_cipher_order", "kex_hash_func")),
    Case("tls_ciphers", "only a suite with AES-CBC", smtpd(f"tls_high_cipherlist={_CBC}"),
         everywhere("tls_ciphers")),
    Case("tls_cipher_order", "tls_preempt_cipherlist=no, and a suite with AES-CBC",
         smtpd("tls_preempt_cipherlist=no", f"tls_high_cipherlist={_GCM}:{_CBC}"),
         everywhere("tls_ciphers", "tls_cipher_order")),
    Case("fs_params", "tls_eecdh_auto_curves prefers secp224r1",
         smtpd("tls_eecdh_auto_curves=secp224r1,prime256v1"), everywhere("fs_params")),
    Case("kex_hash_func", "tls_config_file=default: OpenSSL signs with SHA-1",
         smtpd("tls_config_file=default"), everywhere("kex_hash_func")),
    Case("tls_compression", "a relay before Postfix takes DEFLATE; Debian's OpenSSL knows none",
         relayed("compression"), everywhere("tls_compression")),
    Case("renegotiation_secure", "a relay before Postfix hides renegotiation_info",
         relayed("renegotiation"), everywhere("renegotiation_secure")),
    Case("renegotiation_client", "openssl s_server, in Postfix's place, lets clients renegotiate",
         relayed("client_renegotiation"), everywhere("renegotiation_client", *_OPENSSL)),
    Case("zero_rtt", "openssl s_server, in Postfix's place, takes early data",
         relayed("early_data"), everywhere("zero_rtt", *_OPENSSL)),
    Case("extended_master_secret", "openssl.cnf: Options = -ExtendedMasterSecret",
         smtpd(openssl="Options = -ExtendedMasterSecret"),
         everywhere("extended_master_secret", "kex_hash_func")),
    Case("cert_trust", "a certificate from an authority that nobody knows",
         certified(by_nobodys_authority), everywhere("cert_trust", "cert_hostmatch")),
    Case("cert_pubkey", "a key of RSA-1024, which clients do not trust",
         certified(for_a_short_key, f"tls_high_cipherlist={_RSA}:@SECLEVEL=0"),
         everywhere("cert_pubkey", "cert_trust", "cert_hostmatch", "dane_valid")),
    Case("cert_signature", "a certificate that is signed with SHA-224",
         certified(by_the_labs_authority(weak_hash=True)), everywhere("cert_signature")),
    Case("cert_hostmatch", "a certificate of another name",
         certified(by_the_labs_authority("other.test")), everywhere("cert_hostmatch")),
    Case("caa", "the mail hosts' CAA records are gone", records(_MX, "CAA", gone),
         everywhere("caa")),
    Case("dane_exists", "the TLSA records are gone", records(_TLSA, "TLSA", gone),
         everywhere(*_DANE)),
    Case("dane_valid", "a TLSA record of a key that nobody has",
         records(_TLSA, "TLSA", instead(f"3 1 1 {_NO_DIGEST}")), everywhere("dane_valid")),
    Case("dane_rollover", "no TLSA record of the next key",
         records(_TLSA, "TLSA", current_key_alone), everywhere("dane_rollover")),
)  # fmt: skip
