"""ACME servers that have a name, and what their CAs call themselves."""

from __future__ import annotations

NAMES = {
    # https://letsencrypt.org/docs/acme-protocol-updates/, /docs/staging-environment/
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt_staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
DEFAULT = "letsencrypt"
"""As the role's defaults have it."""

_ISSUERS = {
    # https://letsencrypt.org/docs/caa/; the directories say so themselves as `caaIdentities`
    # (RFC 8555 7.1.1).
    NAMES["letsencrypt"]: "letsencrypt.org",
    NAMES["letsencrypt_staging"]: "letsencrypt.org",
}


def url_of(directory: str) -> str:
    """Return the URL of a directory that is stated by name or as a URL."""
    return NAMES.get(directory, directory)


def issuer_of(directory: str) -> str | None:
    """Return the name of a directory's CA in CAA records (RFC 8659 4.2), where it is known."""
    return _ISSUERS.get(url_of(directory))
