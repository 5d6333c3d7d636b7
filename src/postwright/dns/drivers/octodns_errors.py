"""What octoDNS's providers raise, said so that the operator can mend it.

Each package has exceptions of its own, so they are known by what they share: the HTTP status of the
answer that caused them, and the names of their classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from postwright.dns.errors import AmbiguousError, CredentialError, DnsError, ProviderError

_LONGEST = 300
# Classes of requests, urllib3, httpx and the system: nothing left this machine.
_UNSENT = {"NewConnectionError", "ConnectTimeout", "ConnectTimeoutError", "ConnectError"}
_UNSENT |= {"ConnectionRefusedError", "gaierror"}
# A connection broke, or no answer came in time.
_LOST = {"ConnectionError", "Timeout", "TimeoutError", "TransportError", "IncompleteRead"}
# What classes are called that mean the key: octoDNS asks for none, so packages differ.
_CREDENTIAL = ("unauthorized", "authentication", "forbidden", "accessdenied", "credential")


@dataclass(frozen=True)
class Account:
    """A provider's settings; the options are never shown, since any of them may be a secret."""

    name: str
    provider_class: str
    options: Mapping[str, Any] = field(repr=False)


class Judge:
    """Says what an exception of a package means; it shows none of the options."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._place = f"dns_providers.{account.name}"

    def of(self, what: str, error: Exception, *, writing: bool = False) -> DnsError:
        """Return what an exception means; `writing`: something may have been changed."""
        chain = list(_chain(error))
        names = {each.__name__ for one in chain for each in type(one).__mro__}
        status = next(filter(None, map(_status, chain)), None)
        said = f"{self._place}: {self._account.provider_class} failed: {self._text(error)} ({what})"
        if status in {401, 403} or any(
            word in name.lower() for name in names for word in _CREDENTIAL
        ):
            return CredentialError(
                said,
                "put a key in the vault that may read and change records of this zone, and name it "
                f"in {self._place}.options",
            )
        if status == 429:
            return ProviderError(said, "wait as long as the provider asks, then run again")
        lost = names & _LOST and not names & _UNSENT
        if writing and (lost or (status or 0) >= 500):
            return AmbiguousError(said, "see that this machine reaches the provider, and its log")
        return ProviderError(said, f"see {self._place}, and the documentation of that package")

    def _text(self, error: Exception) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        for key, value in _leaves(self._account.options):
            text = text.replace(value, f"(options.{key})")
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    found = getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _leaves(value: Any, key: str = "") -> list[tuple[str, str]]:
    """Return every text of the options by its key, the longest first."""
    if isinstance(value, Mapping):
        found = [pair for name, each in value.items() for pair in _leaves(each, str(name))]
    elif isinstance(value, (list, tuple)):
        found = [pair for each in value for pair in _leaves(each, key)]
    else:
        found = [(key, value)] if isinstance(value, str) and len(value) > 3 else []
    return sorted(found, key=lambda pair: -len(pair[1]))
