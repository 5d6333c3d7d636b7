"""What can go wrong with DNS, said with the provider, the zone and the way out.

No text here ever holds a secret: a key is named by its name and its place in the inventory.
"""

from __future__ import annotations

from collections.abc import Sequence


class DnsError(Exception):
    """Something the operator has to know; `what` is wrong and `mend` is what to do."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n    mend: {mend}")


class CredentialError(DnsError):
    """The provider does not take our key, or does not allow what we need."""


class NotServedError(DnsError):
    """The provider has no zone for a name."""


class ProviderError(DnsError):
    """The provider did not answer, or answered what nobody can use."""


class AmbiguousError(ProviderError):
    """A change was sent and no answer came: it was applied, or it was not."""


class PartialError(ProviderError):
    """Some changes of a zone were made, and others were not."""


class ByHandError(DnsError):
    """Changes that only people can make; they were told which, and nothing was changed."""


class StalePlanError(DnsError):
    """The zone is not what the plan was made for."""


class ConflictError(DnsError):
    """Values stand where ours belong, and are not ours."""


class GuardError(DnsError):
    """The plan would delete more than was allowed."""


class NotAnsweredError(DnsError):
    """An authoritative server does not answer with what was published."""


class SeveralError(DnsError):
    """Several errors of one run."""

    def __init__(self, errors: Sequence[DnsError]) -> None:
        self.errors = list(errors)
        Exception.__init__(self, "\n".join(str(error) for error in errors))


def raise_all(errors: Sequence[DnsError]) -> None:
    """Raise the one error, or all together; nothing where there are none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralError(errors)


def by_hand(error: DnsError) -> bool:
    """Return whether an error says no more than what is left to people."""
    some = error.errors if isinstance(error, SeveralError) else [error]
    return all(isinstance(each, ByHandError) for each in some)
