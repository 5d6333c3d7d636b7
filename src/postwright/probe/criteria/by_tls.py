"""The criteria on TLS, for one endpoint: what is wrong with it, in words; nothing where it is well.

What is to be phased out counts as wrong wherever the host itself decides, which is stricter than
Internet.nl; of a certificate's key it does not, since a CA may still use RSA-2048.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

from postwright.probe.tls_codes import (
    GROUPS,
    SUITES_1_3,
    VERSION_LEVELS,
    VERSIONS,
    WEAK_SIGNATURES,
    Level,
    group_level,
    suite_level,
)
from postwright.probe.tls_look import Seen

from . import certificates


def suite_name(code: int) -> str:
    """Return OpenSSL's name of a cipher suite, or its number where OpenSSL has none."""
    return SUITES_1_3.get(code) or _OPENSSL.get(code) or f"0x{code:04X}"


def _openssl_names() -> dict[int, str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return {cipher["id"] & 0xFFFF: cipher["name"] for cipher in context.get_ciphers()}


_OPENSSL = _openssl_names()


def _versions(seen: Seen) -> Iterator[str]:
    for version in seen.versions:
        if version not in VERSION_LEVELS:
            yield f"takes {VERSIONS[version]}"


def _ciphers(seen: Seen) -> Iterator[str]:
    for code in (*seen.suites, *seen.suites_1_3):
        if (level := suite_level(code)) < Level.SUFFICIENT:
            yield f"takes {suite_name(code)} ({_word(level)})"


def _cipher_order(seen: Seen) -> Iterator[str]:
    """Yield each choice of a suite while a better one, chosen later, was on offer."""
    for at, code in enumerate(seen.suites):
        for later in seen.suites[at + 1 :]:
            if suite_level(code) < min(suite_level(later), Level.SUFFICIENT):
                yield f"prefers {suite_name(code)} to {suite_name(later)}"
                break


def _groups(seen: Seen) -> Iterator[str]:
    for code in seen.groups:
        if (level := group_level(code)) < Level.SUFFICIENT:
            yield f"takes {GROUPS.get(code, hex(code))} ({_word(level)})"
    for bits in seen.dh_bits:
        yield f"takes Diffie-Hellman with a prime of {bits} bits"


def _hash(seen: Seen) -> Iterator[str]:
    for code in seen.weak_signatures:
        yield f"signs with {WEAK_SIGNATURES[code]}"


def _compression(seen: Seen) -> Iterator[str]:
    if seen.compression:
        yield "compresses"


def _secure_renegotiation(seen: Seen) -> Iterator[str]:
    if seen.secure_renegotiation is False:
        yield "does not know RFC 5746"


def _client_renegotiation(seen: Seen) -> Iterator[str]:
    # Guideline 3.4.2 allows ten; where there is one, nobody counts for sure.
    if seen.renegotiates:
        yield "lets a client renegotiate"


def _early_data(seen: Seen) -> Iterator[str]:
    if seen.early_data:
        yield f"takes {seen.early_data} octets of early data"


def _master_secret(seen: Seen) -> Iterator[str]:
    if seen.extended_master_secret is False:
        yield "does not know RFC 7627"


def _trust(seen: Seen) -> Iterator[str]:
    if seen.untrusted:
        yield seen.untrusted


def _name(seen: Seen) -> Iterator[str]:
    if seen.misnamed:
        yield seen.misnamed


def _word(level: Level) -> str:
    return "to be phased out" if level is Level.PHASE_OUT else "insufficient"


BY_PORT: dict[str, Callable[[Seen], Iterator[str]]] = {
    "tls_version": _versions,
    "tls_ciphers": _ciphers,
    "tls_cipher_order": _cipher_order,
    "fs_params": _groups,
    "kex_hash_func": _hash,
    "tls_compression": _compression,
    "renegotiation_secure": _secure_renegotiation,
    "renegotiation_client": _client_renegotiation,
    "zero_rtt": _early_data,
    "extended_master_secret": _master_secret,
    "cert_trust": _trust,
    "cert_pubkey": certificates.weak_keys,
    "cert_signature": certificates.weak_signatures,
    "cert_hostmatch": _name,
}
"""The criteria that any port with TLS has to meet."""


def _suites_shown(seen: Seen) -> str:
    return ", ".join(map(suite_name, (*seen.suites_1_3, *seen.suites)))


_SHOWN: dict[str, Callable[[Seen], str]] = {
    "tls_version": lambda seen: ", ".join(VERSIONS[version] for version in seen.versions),
    "tls_ciphers": _suites_shown,
    "tls_cipher_order": _suites_shown,
    "fs_params": lambda seen: ", ".join(GROUPS.get(code, hex(code)) for code in seen.groups),
    "renegotiation_secure": lambda _: "known",
    "extended_master_secret": lambda _: "known",
    "cert_trust": certificates.shown,
    "cert_pubkey": certificates.shown,
    "cert_signature": certificates.shown,
    "cert_hostmatch": certificates.shown,
}


def shown(criterion: str, seen: Seen) -> str:
    """Return what was seen where all is well."""
    return _SHOWN[criterion](seen) if criterion in _SHOWN else "none"
