"""What a driver has to do. Words as in RFC 2119."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from postwright.dns.plan import Change
from postwright.dns.records import Snapshot


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do, so that callers know and do not try.

    `atomic`: all changes of a zone are made, or none. `conditional`: they are made only if the
    touched sets are as they were read.
    """

    atomic: bool
    conditional: bool


class Driver(Protocol):
    """One credential at one provider.

    A driver MUST be usable from several threads, MUST NOT create a zone or touch SOA or NS, and
    MUST NOT show a secret in an error. It MAY retry what changes nothing.
    """

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do."""

    def find_zone(self, name: str) -> str | None:
        """Return the longest zone of this provider that holds a name.

        Returns None where it serves none, where the name is delegated away, and for the root.

        Raises:
            CredentialError: the provider refused the key.
            ProviderError: no usable answer.
        """

    def probe(self, zone: str) -> None:
        """Prove, without changing anything, that the zone can be read and changed.

        Raises:
            CredentialError, ProviderError: it cannot.
        """

    def read(self, zone: str) -> Snapshot:
        """Return all that the zone holds, as it is stored: never what a wildcard answers.

        Raises:
            CredentialError, ProviderError: it cannot be read.
        """

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Make the changes. A driver MUST NOT send them again by itself.

        Raises:
            StalePlanError: a touched set is not `before`; nothing was changed.
            AmbiguousError: whether they were made is not known.
            CredentialError, ProviderError: nothing was changed.
        """
