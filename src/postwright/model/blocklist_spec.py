"""A blocklist as an operator writes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Strict
from .types import DomainName


class Blocklist(Strict):
    """A blocklist that `postwright dns check` asks about the hosts' addresses and the domains."""

    zone: DomainName = Field(description="The list's zone.", examples=["zen.spamhaus.org"])
    lists: Literal["addresses", "domains"] = Field(
        description="What it lists: `addresses` or `domains`."
    )
    ipv6: bool = Field(default=False, description="Whether it lists IPv6 addresses too.")
    test: str | None = Field(
        default=None,
        description="A domain that a list of domains always lists, where it is not `test` "
        "(RFC 5782 5).",
    )
    errors: list[str] = Field(
        default_factory=list,
        description="Answers that mean that the question was refused, beside 127.255.255.0/24.",
    )
    page: str = Field(description="Where a listing is explained and ended.")
