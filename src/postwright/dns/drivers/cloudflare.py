"""Cloudflare, by its API: one read and one batch for each zone.

Its batches are transactions but have no conditions. A batch deletes records by the ids that were
read, and a record that is gone, or one like ours that somebody made meanwhile, refuses the whole
batch; so what is left to chance is somebody else's *different* value in a set of ours, or their
edit of a record of ours, between our last read and the batch.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from postwright.dns.errors import DnsError, NotServedError, PartialError, ProviderError
from postwright.dns.plan import Change
from postwright.dns.records import Snapshot

from .base import Capabilities
from .cloudflare_api import BURST, RATE, Api
from .cloudflare_batch import LIMIT, Batch, batches
from .cloudflare_errors import Account
from .cloudflare_records import REFUSALS, Record, snapshot
from .pace import Clock, SystemClock, TokenBucket

__all__ = ["Account", "Cloudflare"]

# A zone of type secondary gets its records from elsewhere, an internal one is not in the public
# DNS, and what has moved is not served here any more (/api/resources/zones).
_TYPES = {"full", "partial"}
_STATES = {"active", "pending", "initializing"}


@dataclass(frozen=True)
class _Zone:
    id: str
    active: bool


class Cloudflare:
    """One API token at Cloudflare."""

    capabilities = Capabilities(atomic=True, conditional=False, at_once=LIMIT, refusals=REFUSALS)

    def __init__(self, account: Account, clock: Clock | None = None) -> None:
        self._account = account
        bucket = TokenBucket(RATE, BURST, clock) if clock else _bucket(_digest(account.token))
        self._api = Api(account, bucket, clock or SystemClock())
        self._lock = threading.Lock()
        self._zones: dict[str, _Zone] | None = None
        self._read: dict[str, list[Record]] = {}

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._account.name

    def find_zone(self, name: str) -> str | None:
        """Return the longest zone that the token sees; all zones are listed once.

        What is delegated away below it shows when the zone is read.
        """
        zones, labels = self._listed(), name.split(".")
        above = [".".join(labels[at:]) for at in range(len(labels))]
        return next((each for each in above if each in zones), None)

    def probe(self, zone: str) -> None:
        """Prove that the zone's records can be changed, which includes that they can be read."""
        self._api.may_write(zone, self._id(zone))

    def read(self, zone: str) -> Snapshot:
        """Return the zone: its records are one page."""
        found = self._api.records(zone, self._id(zone))
        try:
            records = [Record.of(each) for each in found]
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderError(
                f"dns_providers.{self.name}: a record of zone {zone} is not of the documented form "
                f"({type(error).__name__}: {error})",
                "see what answers at api_url; if it is Cloudflare, report this",
            ) from None
        self._read[zone] = records
        return snapshot(zone, records)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Make the changes to what was read last, in one batch unless they are over 200."""
        self._refuse(zone, changes)
        if zone not in self._read:
            self.read(zone)
        parts = batches(zone, changes, self._read.pop(zone))
        for done, part in zip([0, *accumulate(map(len, parts))], parts, strict=False):
            self._send(zone, part, done, sum(map(len, parts)))

    def _send(self, zone: str, part: Batch, done: int, whole: int) -> None:
        try:
            self._api.batch(zone, self._id(zone), part)
        except DnsError as error:
            if not done:
                raise
            raise PartialError(
                f"zone {zone}: {done} of {whole} changes were made, then: {error}",
                "run again: what is missing is then made, and nothing twice",
            ) from None

    def _refuse(self, zone: str, changes: Sequence[Change]) -> None:
        for change in changes:
            for refusal in REFUSALS:
                if refusal.refuses(change):
                    slot = change.slot
                    raise ProviderError(
                        f"dns_providers.{self.name}: zone {zone}: {slot.name} {slot.type}: "
                        f"{refusal.why}",
                        refusal.mend,
                    )

    def _id(self, zone: str) -> str:
        found = self._listed().get(zone)
        if found is None:
            raise NotServedError(
                f"dns_providers.{self.name}: the token sees no zone {zone}",
                "make the zone there, or give the token the permission Zone Read for it",
            )
        return found.id

    def _listed(self) -> dict[str, _Zone]:
        with self._lock:
            if self._zones is None:
                zones: dict[str, _Zone] = {}
                for each in self._api.zones():
                    served = each.get("type", "full") in _TYPES and each.get("status") in _STATES
                    found = _Zone(each["id"], each.get("status") == "active")
                    # Two accounts can have one name; the world sees the active zone.
                    if served and not (each["name"] in zones and zones[each["name"]].active):
                        zones[each["name"].lower()] = found
                self._zones = zones
            return self._zones


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _bucket(_: str) -> TokenBucket:
    """Return the one bucket of a token, however many providers of the inventory share it."""
    return TokenBucket(RATE, BURST, SystemClock())
