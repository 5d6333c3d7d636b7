"""How much an account may submit, as an operator writes it and as a host is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from .base import Strict, Value
from .types import refuse

_MEANING = {
    "messages_per_minute": "Messages within a minute; over it, the sender is told to come again.",
    "recipients_per_minute": "Recipients within a minute; over it, the sender is told to come "
    "again.",
    "messages_per_day": "Messages within a day, the refused ones too; over it, the account is "
    "frozen.",
    "recipients_per_day": "Recipients within a day, the refused ones too; over it, the account is "
    "frozen.",
}


def limit(value: int) -> int:
    """Return a limit, which lets something pass."""
    if value < 1:
        raise refuse(
            "lets nothing pass",
            "write 1 or more; an account that is to submit nothing has `send: false`",
        )
    return value


Limit = Annotated[int, AfterValidator(limit), WithJsonSchema({"type": "integer", "minimum": 1})]


def _said(name: str, default: int | None) -> Any:
    return Field(default=default, description=_MEANING[name])


class Limits(Strict):
    """How much an account may submit."""

    messages_per_minute: Limit = _said("messages_per_minute", 60)
    recipients_per_minute: Limit = _said("recipients_per_minute", 300)
    messages_per_day: Limit = _said("messages_per_day", 500)
    recipients_per_day: Limit = _said("recipients_per_day", 2000)

    def but(self, own: OwnLimits) -> Limits:
        """Return these limits with those that are said of a domain or an account."""
        return self.model_copy(update=own.model_dump(exclude_none=True))


class OwnLimits(Strict):
    """Other limits; what is not said is as one level up."""

    messages_per_minute: Limit | None = _said("messages_per_minute", None)
    recipients_per_minute: Limit | None = _said("recipients_per_minute", None)
    messages_per_day: Limit | None = _said("messages_per_day", None)
    recipients_per_day: Limit | None = _said("recipients_per_day", None)


class HostLimits(Value):
    """What a host's accounts may submit: all of them, and those by address that differ."""

    limits: Limits
    accounts: dict[str, Limits]
