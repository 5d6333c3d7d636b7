"""What a driver has to do. Words as in RFC 2119."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from postwright.dns.plan import Change, Conflict, Plan
from postwright.dns.records import Snapshot


@dataclass(frozen=True)
class Refusal:
    """What a provider is known not to hold.

    `refuses` says of which changes that is true, `why` and `mend` what the operator is told,
    `source` where it is from and `verified` when that was last looked at.
    """

    what: str
    refuses: Callable[[Change], bool]
    why: str
    mend: str
    source: str
    verified: date


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do, so that callers know and do not try.

    `atomic`: all changes of a zone are made, or none; with `at_once`, only while they add and
    remove no more values than that. `conditional`: they are made only if the touched sets are as
    they were read; otherwise somebody else's change is seen up to the last read before them.
    `writes`: a program can make them; otherwise people have to. `last_resort`: it is asked only for
    what lies in no zone of another provider.
    """

    atomic: bool
    conditional: bool
    at_once: int | None = None
    refusals: tuple[Refusal, ...] = ()
    writes: bool = True
    last_resort: bool = False

    def refused(self, plan: Plan) -> tuple[Conflict, ...]:
        """Return what of a plan the provider cannot hold, as conflicts that nobody can adopt."""
        return tuple(
            Conflict(change.slot, change.add, refusal.why, refusal.mend, adoptable=False)
            for change in plan.changes
            for refusal in self.refusals
            if refusal.refuses(change)
        )


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

        It MAY send again what the provider surely did not take, because it came too soon.

        Raises:
            StalePlanError: a touched set is not `before`; nothing was changed.
            AmbiguousError: whether they were made is not known.
            PartialError: some of them were made (only if not atomic, or beyond `at_once`).
            ByHandError: people have to make them; nothing was changed.
            CredentialError, ProviderError: nothing was changed.
        """
