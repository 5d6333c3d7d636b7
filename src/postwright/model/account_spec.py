"""An account as an operator writes it."""

from __future__ import annotations

from pydantic import Field

from .base import Strict
from .limits import OwnLimits
from .types import PasswordHash, Quota


class Account(Strict):
    """A mailbox, a login, or both."""

    password_hash: PasswordHash = Field(
        description="The password's hash, as `postwright password` prints it. Accepted are "
        "`{ARGON2ID}`, `{ARGON2I}`, `{BLF-CRYPT}`, `{SHA512-CRYPT}` and `{SHA256-CRYPT}`, and the "
        "same without a scheme, as crypt(5) writes them, where they are not weak.",
        examples=["{{ vault_taro }}"],
    )
    quota: Quota | None = Field(
        default=None,
        description="How much the mailbox may hold: a whole number and `K`, `M`, `G` or `T` "
        "(powers of 1024); the message that fills it may go beyond. Without it there is no limit.",
        examples=["5G"],
    )
    app_passwords_only: bool = Field(
        default=False,
        description="`true`: this password opens no mail port, only app passwords do; the host "
        "does not even get its hash. See docs/credentials.md.",
    )
    send: bool = Field(
        default=True, description="`false`: the account only receives; it cannot submit mail."
    )
    receive: bool = Field(
        default=True,
        description="`false`: the account only sends; mail for its address is refused.",
    )
    limits: OwnLimits = Field(
        default_factory=OwnLimits,
        description="How much it may submit, where that differs from its domain's and from "
        "`mail_limits`.",
        examples=[{"recipients_per_minute": 1000, "recipients_per_day": 20000}],
    )
