"""A relay as an operator writes it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from .base import Strict
from .relay_types import Login, Password, ProfileValue


class RelaySpec(Strict):
    """Who sends for us, with a login, over verified TLS; further keys are its profile's."""

    # What a profile wants to know is its own matter: `check_relays` holds it against the profile.
    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, ProfileValue] = Field(init=False)

    profile: str = Field(
        description="What it is: a profile of who sends, such as `amazon_ses`, `sendgrid` or "
        "`smarthost`."
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its TCP port, where it is not the profile's (587). On 465 and 2465 TLS comes "
        "first (RFC 8314), on any other STARTTLS is required.",
    )
    username: Login | None = Field(
        default=None,
        description="The login. Required, unless the profile has the same for everybody.",
    )
    password: Password = Field(
        description="The password. Keep it in the vault.", examples=["{{ vault_ses }}"]
    )

    @property
    def given(self) -> dict[str, tuple[str, ...]]:
        """What was given of the profile's parameters."""
        return self.__pydantic_extra__
