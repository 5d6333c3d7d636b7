"""The kinds of text that say who sends for us and who receives."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from .types import refuse, text
from .words import DIRECT

# It names a service in Postfix's master.cf, and a directory of its log.
_RELAY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def relay_name(value: str) -> str:
    """Return a relay's name."""
    mend = "write 1 to 32 of a-z, 0-9 and '-', such as ses"
    if value == DIRECT:
        raise refuse("means that no relay is used", mend)
    if not _RELAY_NAME.fullmatch(value):
        raise refuse("is no name of a relay", mend)
    return value


def _credential(value: object, what: str) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    found = text(value)
    if not found:
        raise refuse(f"is an empty {what}", f"write the {what} that the relay gave you")
    # Postfix reads it from a line of a table, whose blanks at the ends it drops (postmap(1)).
    if found != found.strip() or not found.isprintable():
        raise refuse(
            f"has a blank at an end, or a line break, which no {what} can have in Postfix's table",
            "copy it alone; if it is really so, have the relay make another",
        )
    return SecretStr(found)


def password(value: object) -> SecretStr:
    """Return a password for a relay."""
    return _credential(value, "password")


def login(value: object) -> SecretStr:
    """Return a user name for a relay: it ends at the first colon (postconf(5))."""
    found = _credential(value, "user name")
    if ":" in found.get_secret_value():
        raise refuse(
            "has a colon, at which Postfix ends a user name", "have the relay make another"
        )
    return found


def profile_value(value: object) -> tuple[str, ...]:
    """Return what a profile was given: one text, or a list of some."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise PydanticCustomError("string_type", "neither text nor a list of texts")


RelayName = Annotated[str, AfterValidator(relay_name)]
Login = Annotated[SecretStr, BeforeValidator(login), WithJsonSchema({"type": "string"})]
Password = Annotated[SecretStr, BeforeValidator(password), WithJsonSchema({"type": "string"})]
ProfileValue = Annotated[
    tuple[str, ...],
    BeforeValidator(profile_value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
