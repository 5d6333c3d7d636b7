"""How every daemon speaks TLS to those who connect: one profile for Postfix, Dovecot and nginx."""

from __future__ import annotations

from .base import Value

_GROUPS = ["X25519", "prime256v1", "secp384r1"]


class TlsProfile(Value):
    """What is offered; names are OpenSSL's, lists in order of preference.

    Attributes:
        oldest: the oldest protocol.
        ciphers: cipher suites of TLS 1.2; those of TLS 1.3 are all good (RFC 8446 9.1).
        groups: groups for the key exchange, by Debian release, since OpenSSL refuses those that it
            does not know.
        signatures: signature algorithms of a handshake. Without a list, OpenSSL signs with SHA-1
            for who asks for it.
    """

    oldest: str
    ciphers: list[str]
    groups: dict[str, list[str]]
    signatures: list[str]


INTERMEDIATE = TlsProfile(
    oldest="TLSv1.2",
    ciphers=[
        f"ECDHE-{key}-{cipher}"
        for cipher in ("AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-GCM-SHA256")
        for key in ("ECDSA", "RSA")
    ],
    groups={"bookworm": _GROUPS, "trixie": ["X25519MLKEM768", *_GROUPS]},
    signatures=[
        f"{scheme}+{digest}"
        for scheme in ("ECDSA", "RSA-PSS", "RSA")
        for digest in ("SHA256", "SHA384", "SHA512")
    ],
)
"""Mozilla's intermediate profile, guideline 6.0, which RFC 9325 4.2 and NCSC-NL's guidelines of
2025-05 find good too. Strongest first, since NCSC-NL asks for the server's order."""
