"""Key records as verifiers read them (RFC 6376 3.6.1, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

WEAK_BITS = 2048
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_ED25519_BYTES = 32


def fault(record: str) -> str | None:
    """Return why verifiers cannot use a key record, or None."""
    parts = [_TAG.fullmatch(part) for part in record.rstrip().removesuffix(";").split(";")]
    pairs = [(match[1], match[2].strip()) for match in parts if match]
    if len(pairs) < len(parts):
        return "it is no list of tag=value"
    return next(_faults(pairs, dict(pairs)), None)


def _faults(pairs: list[tuple[str, str]], tags: dict[str, str]) -> Iterator[str]:
    if len(tags) < len(pairs):
        yield "a tag stands twice"
    if "v" in tags and pairs[0] != ("v", "DKIM1"):
        yield "v=DKIM1 is not its first tag"
    if not tags.get("p"):
        yield "the key is revoked (p= is empty)" if "p" in tags else "it has no key (p=)"
    if "sha256" not in _words(tags.get("h", "sha256")):
        yield f"h={tags['h']} allows no SHA-256"
    if not _words(tags.get("s", "*")) & {"*", "email"}:
        yield f"s={tags['s']} is not for email"
    if found := _key_fault(tags.get("k", "rsa"), tags.get("p", "")):
        yield found


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(":")}


def bits(record: str) -> int | None:
    """Return an RSA key's length; None for others and for what is no key."""
    match = re.search(r"(?:^|;)\s*p\s*=([^;]*)", record)
    key = _rsa("".join(match[1].split())) if match else None
    return key.key_size if key else None


def _key_fault(kind: str, text: str) -> str | None:
    text = "".join(text.split())
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "the key (p=) is no base64"
    if kind == "ed25519":
        return None if len(raw) == _ED25519_BYTES else f"an Ed25519 key of {len(raw)} bytes, not 32"
    if kind != "rsa":
        return f"k={kind} is an algorithm that nobody verifies"
    return None if _rsa(text) else "the key (p=) is no RSA key"


def _rsa(text: str) -> RSAPublicKey | None:
    try:
        key = load_der_public_key(base64.b64decode(text))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None
