"""Which password hashes are accepted, and in which form (Dovecot: "Password schemes")."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Argon2id:
    """What one hash costs to compute (RFC 9106 3.1)."""

    memory: int  # KiB
    iterations: int
    parallelism: int


# OWASP's minimum (Password Storage Cheat Sheet), which a host of 1 GiB has room for.
ARGON2ID = Argon2id(memory=19456, iterations=2, parallelism=1)
# OWASP counts these as equal: iterations, and the KiB that they need at least.
_LEAST_MEMORY = {1: 47104, 2: 19456, 3: 12288, 4: 9216, 5: 7168}
# What `doveadm pw` takes by default; Dovecot's auth process may have 256 MiB.
_MOST_MEMORY = 65536
_LEAST_BCRYPT_COST = 10  # OWASP, too
_LEAST_ROUNDS = 5000  # crypt(5): the default of sha512crypt and sha256crypt
# Scheme -> the form of the hash itself, as crypt(5) and the Argon2 reference code write it.
_FORMS = {
    "ARGON2ID": r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}",
    "ARGON2I": r"\$argon2i\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}",
    "BLF-CRYPT": r"\$2[by]\$\d\d\$[./A-Za-z0-9]{53}",
    "SHA512-CRYPT": r"\$6\$(rounds=\d+\$)?[^$:\s]{1,16}\$[./A-Za-z0-9]{86}",
    "SHA256-CRYPT": r"\$5\$(rounds=\d+\$)?[^$:\s]{1,16}\$[./A-Za-z0-9]{43}",
}
_PREFIXES = {
    "$argon2id$": "ARGON2ID",
    "$argon2i$": "ARGON2I",
    "$2b$": "BLF-CRYPT",
    "$2y$": "BLF-CRYPT",
    "$6$": "SHA512-CRYPT",
    "$5$": "SHA256-CRYPT",
}
SCHEMES = tuple(_FORMS)
# Named in messages; any other text in braces may itself be a part of somebody's password.
_REFUSED = {
    "PLAIN", "CLEARTEXT", "CRYPT", "DES-CRYPT", "MD5-CRYPT", "MD5", "LDAP-MD5", "PLAIN-MD5", "SHA",
    "SHA1", "SHA256", "SHA512", "SSHA", "SSHA256", "SSHA512", "SMD5", "LANMAN", "NTLM", "RPA",
    "CRAM-MD5", "DIGEST-MD5", "HMAC-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "OTP", "SKEY", "PBKDF2",
}  # fmt: skip


def normal_hash(value: str) -> tuple[str | None, str]:
    """Return (the hash with its {SCHEME}, "") or (None, what is wrong); never the value itself."""
    named = re.fullmatch(r"\{([^}]*)\}(.*)", value, re.DOTALL)
    if named:
        scheme, body = named[1].upper(), named[2]
        if scheme in _REFUSED:
            return None, f"has the scheme {{{scheme}}}, which is not accepted; " + _accepted()
        if scheme not in _FORMS:
            return None, "has no known scheme in its braces; " + _accepted()
    else:
        body = value
        scheme = next((name for start, name in _PREFIXES.items() if value.startswith(start)), "")
        if not scheme:
            return None, "is not a password hash (a password in clear?); " + _accepted()
    if not re.fullmatch(_FORMS[scheme], body):
        return None, f"is not a complete {scheme} hash (cut off, or changed on the way?)"
    if said := _unfit(scheme, body):
        return None, said
    return f"{{{scheme}}}{body}", ""


def _unfit(scheme: str, body: str) -> str:
    """Return why a complete hash costs a thief too little, or the host too much; "" if neither."""
    if scheme.startswith("ARGON2"):
        memory, iterations = (int(re.search(rf"{key}=(\d+)", body)[1]) for key in "mt")  # type: ignore[index]
        if memory > _MOST_MEMORY:
            return f"needs {memory} KiB for each login; at most {_MOST_MEMORY} are there"
        least = _LEAST_MEMORY[min(iterations, 5)] if iterations else memory + 1
        return "" if memory >= least else f"is weak: m={memory},t={iterations} {_at_least()}"
    if scheme == "BLF-CRYPT":
        cost = int(body.split("$")[2])
        return "" if cost >= _LEAST_BCRYPT_COST else f"is weak: its cost is {cost}, below 10"
    rounds = re.search(r"\$rounds=(\d+)\$", body)
    return f"is weak: {rounds[1]} rounds" if rounds and int(rounds[1]) < _LEAST_ROUNDS else ""


def _at_least() -> str:
    return f"is below m={ARGON2ID.memory},t={ARGON2ID.iterations}, OWASP's minimum"


def _accepted() -> str:
    return "accepted are " + ", ".join(f"{{{scheme}}}" for scheme in SCHEMES)
