"""Whether every certificate of a host has a source, and whether what is said of it makes sense."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from .directories import NAMES, url_of
from .trouble import Trouble

_DIRECTORY = "certificates_acme_directory"
# Both stand between quotes in a file that a shell reads.
_KID = re.compile(r"[A-Za-z0-9._~:/@+-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def check_sources(
    wanted: Collection[str], given: Collection[str], directory: str, eab_kid: str, eab_key: str
) -> Iterator[Trouble]:
    """Yield what is wrong; a secret is never among it.

    Args:
        wanted: the names of the host's certificates.
        given: the names of those that the operator gives.
        directory: the ACME server, by name or URL; empty for none.
        eab_kid: the identifier of the key for external account binding (RFC 8555 7.3.4).
        eab_key: that key.
    """
    yield from (
        Trouble(
            f"certificates_given.{name}",
            "this host has no such certificate",
            f"name one of those it has: {', '.join(sorted(wanted))}",
        )
        for name in sorted(set(given) - set(wanted))
    )
    missing = sorted(set(wanted) - set(given))
    if not directory and missing:
        yield Trouble(
            _DIRECTORY,
            f"without an ACME server, nobody issues {', '.join(missing)}",
            "state an ACME server, or name those in certificates_given",
        )
    if directory and not url_of(directory).startswith("https://"):
        yield Trouble(
            _DIRECTORY,
            f'"{directory}" is neither a known ACME server nor a https:// address',
            f"write {', '.join(NAMES)}, or the URL of the server's directory",
        )
    if bool(eab_kid) != bool(eab_key):
        has, lacks = ("kid", "key") if eab_kid else ("key", "kid")
        yield Trouble(
            f"certificates_acme_eab_{lacks}",
            f"is empty, though certificates_acme_eab_{has} is not",
            "state both, as the CA gave them, or none",
        )
    yield from (
        Trouble(variable, f"is not {form}", "copy it as the CA gave it")
        for variable, value, pattern, form in (
            ("certificates_acme_eab_kid", eab_kid, _KID, "an identifier"),
            ("certificates_acme_eab_key", eab_key, _BASE64URL, "in base64url (RFC 4648 5)"),
        )
        if value and not pattern.fullmatch(value)
    )
