"""The types of what reports say, tolerant of how they are written and strict in what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .errors import printable


class Part(BaseModel):
    """A part of a report; elements that we do not know are ignored (RFC 9990 3.1.3, RFC 8460 4)."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


def _text(value: object) -> object:
    return "" if value is None else value


def _domain(value: str) -> str:
    return value.lower().rstrip(".")


def _in_utc(value: datetime) -> datetime:
    """Return the moment in UTC, which is meant where no zone is said."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for (RFC 4291 2.5.5.2)."""
    return getattr(address, "ipv4_mapped", None) or address


Text = Annotated[str, BeforeValidator(_text), AfterValidator(printable)]
"""A stranger's text, on one line; empty where nothing is said."""
Word = Annotated[Text, AfterValidator(str.lower)]
DomainName = Annotated[Text, AfterValidator(_domain)]
RequiredDomain = Annotated[DomainName, Field(min_length=1)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]
Address = Annotated[IPv4Address | IPv6Address, AfterValidator(_unmapped)]
