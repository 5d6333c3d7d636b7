"""Stand-ins for secrets that are not to be had: checking the world takes none."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from .findings import Unrendered, may_be_shown
from .origin import Path


def stand_in(value: object, path: Path) -> object:
    """Return the value with an empty secret where one belongs and could not be rendered.

    Only single values count: a whole mapping that is missing hides more than secrets.
    """
    if isinstance(value, Mapping):
        return {key: stand_in(item, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, Unrendered) and _is_secret(path):
        return "" if "options" in path else SecretStr("")
    return value


def _is_secret(path: Path) -> bool:
    match path:
        case ("dns_providers", _, "options", *_):
            return True
        case ("mail_domains", _, "accounts", _, _) | ("dns_providers", _, _):
            return not may_be_shown(path)
        case ("mail_relays", _, "username" | "password"):
            return True
        case ("mail_backup", "password" | "old_password" | "ssh_key") | (
            "mail_backup",
            "credentials",
            _,
        ):
            return True
    return False
