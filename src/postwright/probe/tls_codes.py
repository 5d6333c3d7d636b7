"""TLS's numbers (IANA's registry), and how good NCSC-NL's guidelines of 2025-05 say they are.

What stands in no list here is insufficient. Lists are as Internet.nl applies the guidelines
(its pull request #1800).
"""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """NCSC-NL's levels; a better one is greater."""

    INSUFFICIENT = 0
    PHASE_OUT = 1
    SUFFICIENT = 2
    GOOD = 3


SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS = {
    SSL_3_0: "SSL 3.0",
    TLS_1_0: "TLS 1.0",
    TLS_1_1: "TLS 1.1",
    TLS_1_2: "TLS 1.2",
    TLS_1_3: "TLS 1.3",
}
VERSION_LEVELS = {TLS_1_3: Level.GOOD, TLS_1_2: Level.SUFFICIENT}
"""Guideline 3.3.1."""

SUITES_1_3 = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
}
_GOOD_SUITES = {0x1302, 0x1303}
_SUFFICIENT_SUITES = {0x1301, 0x1304} | {
    *(0xC02B, 0xC02C, 0xC0AC, 0xC0AD, 0xCCA9),  # ECDHE-ECDSA with AES-GCM, AES-CCM, ChaCha20
    *(0xC02F, 0xC030, 0xCCA8),  # ECDHE-RSA with AES-GCM, ChaCha20
}
_PHASE_OUT_SUITES = {
    *(0xC023, 0xC024, 0xC027, 0xC028),  # ECDHE with AES-CBC and SHA-2
    *(0xC048, 0xC049, 0xC04C, 0xC04D, 0xC05C, 0xC05D, 0xC060, 0xC061),  # ECDHE with ARIA
    *(0xC072, 0xC073, 0xC076, 0xC077, 0xC086, 0xC087, 0xC08A, 0xC08B),  # ECDHE with Camellia
    *(0x0067, 0x006B, 0x009E, 0x009F, 0xC09E, 0xC09F, 0xCCAA),  # DHE-RSA with AES, ChaCha20
    *(0x00BE, 0x00C4, 0xC044, 0xC045, 0xC052, 0xC053, 0xC07C, 0xC07D),  # with Camellia, ARIA
}
SUITES_1_2 = tuple(
    code
    for codes in (
        range(0x0001, 0x0047),
        range(0x0067, 0x00C6),
        range(0xC001, 0xC0B0),
        range(0xCCA8, 0xCCAF),
    )
    for code in codes
)
"""All of TLS 1.2 and before: the registry's ranges, the few numbers unassigned in them too."""

SECP224R1, SECP256R1, SECP384R1, SECP521R1, X25519, X448 = 0x15, 0x17, 0x18, 0x19, 0x1D, 0x1E
X25519MLKEM768 = 0x11EC
GROUPS = {
    SECP224R1: "secp224r1",
    SECP256R1: "secp256r1",
    SECP384R1: "secp384r1",
    SECP521R1: "secp521r1",
    X25519: "x25519",
    X448: "x448",
    0x1A: "brainpoolP256r1",
    0x1B: "brainpoolP384r1",
    0x1C: "brainpoolP512r1",
    0x1F: "brainpoolP256r1tls13",
    0x20: "brainpoolP384r1tls13",
    0x21: "brainpoolP512r1tls13",
    0x11EB: "SecP256r1MLKEM768",
    X25519MLKEM768: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x13: "secp192r1",
    0x16: "secp256k1",
    **{0x100 + at: f"ffdhe{bits}" for at, bits in enumerate((2048, 3072, 4096, 6144, 8192))},
    **{code: f"curve {code}" for code in (*range(0x01, 0x13), 0x14)},
}
_PHASE_OUT_GROUPS = {SECP224R1, 0x101, 0x102, 0x103, 0x104}
_BAD_GROUPS = {*range(0x01, 0x15), 0x16, 0x100}

SIGNATURES = {
    0x0403: "ecdsa_secp256r1_sha256",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0603: "ecdsa_secp521r1_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0401: "rsa_pkcs1_sha256",
    0x0501: "rsa_pkcs1_sha384",
    0x0601: "rsa_pkcs1_sha512",
}
"""Signature schemes with a hash that guideline 3.3.5 takes."""
WEAK_SIGNATURES = {
    0x0203: "ecdsa_sha1",
    0x0201: "rsa_pkcs1_sha1",
    0x0202: "dsa_sha1",
    0x0101: "rsa_md5",
    0x0303: "ecdsa_sha224",
    0x0301: "rsa_sha224",
    0x0302: "dsa_sha224",
}
"""Those with another: MD5 and SHA-1 are insufficient, SHA-224 is to be phased out."""


def suite_level(code: int) -> Level:
    """Return how good a cipher suite is (guidelines 3.3.3, 3.3.4, appendix B)."""
    for level, codes in (
        (Level.GOOD, _GOOD_SUITES),
        (Level.SUFFICIENT, _SUFFICIENT_SUITES),
        (Level.PHASE_OUT, _PHASE_OUT_SUITES),
    ):
        if code in codes:
            return level
    return Level.INSUFFICIENT


def group_level(code: int) -> Level:
    """Return how good a group for key exchange is (guideline 3.3.3.1)."""
    if code in _PHASE_OUT_GROUPS:
        return Level.PHASE_OUT
    return Level.INSUFFICIENT if code in _BAD_GROUPS or code not in GROUPS else Level.GOOD
