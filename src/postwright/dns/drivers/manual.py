"""A zone that people change by hand: read as its own servers answer, and never written.

What cannot be read whole is asked for set by set, so a wildcard's answer is taken for a record:
the world takes it so too. What has to be done is told, and written as a zone file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from postwright.dns import manifest
from postwright.dns.errors import ByHandError, ProviderError
from postwright.dns.plan import Change
from postwright.dns.records import RecordSet, Slot, Snapshot, is_under
from postwright.dns.world import World, over_network
from postwright.dns.world.asking import Asker, Reply
from postwright.dns.world.delegation import servers_of, zone_of

from .base import Capabilities

__all__ = ["Manual", "Settings"]


@dataclass(frozen=True)
class Settings:
    """A provider's settings: the mail domains that name it, and where zone files go."""

    name: str
    domains: tuple[str, ...]
    resolvers: tuple[str, ...]
    folder: Path | None = None


class Manual:
    """Whoever changes the zones of these domains by hand."""

    capabilities = Capabilities(atomic=False, conditional=False, writes=False)

    def __init__(self, settings: Settings, ask: Asker = over_network) -> None:
        self._settings = settings
        self._ask = ask
        self._world = World(ask, settings.resolvers)

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._settings.name

    def find_zone(self, name: str) -> str | None:
        """Return the zone that the public DNS knows, if it is one of our domains'.

        It would find every zone of the world otherwise, those of other providers among them.
        """
        zone = zone_of(self._world, name)
        return zone if zone in self._zones else None

    def probe(self, zone: str) -> None:
        """Prove that the zone's own servers answer."""
        self.read(zone)

    def read(self, zone: str) -> Snapshot:
        """Return the zone as its servers answer now; each set is asked for when it is looked at."""
        world = World(self._ask, self._settings.resolvers)
        servers = servers_of(world, zone)
        if not servers.good:
            said = "; ".join(f"{each.subject}: {each.seen}" for each in servers.findings)
            raise ProviderError(
                f"dns_providers.{self.name}: no authoritative server of zone {zone} answers"
                f"{f' ({said})' if said else ''}",
                "see that the zone is delegated and that this machine reaches its servers",
            )
        answers = _Answers(self.name, zone, world, [s.address for s in servers.good])
        seen = Snapshot(zone, answers)
        # What is not asked for seems not to be there: the manifest's parts are.
        manifest.ask(zone, "", seen.values)
        return seen

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Tell what has to be done, and write it where the settings say."""
        if not changes:
            return
        written = self._written(zone, changes)
        raise ByHandError(
            f"zone {zone} (dns_providers.{self.name}) is changed by hand, and its servers do not "
            f"answer yet with all that belongs there:\n{''.join(_lines(changes))}"
            f"    {f'as a zone file: {written}' if written else ''}".rstrip(),
            "make these changes where the zone is kept, then run again: it goes on as soon as "
            "every authoritative server answers with them",
        )

    @cached_property
    def _zones(self) -> set[str]:
        found = (zone_of(self._world, domain) for domain in self._settings.domains)
        return {zone for zone in found if "." in zone}

    def _written(self, zone: str, changes: Sequence[Change]) -> Path | None:
        folder = self._settings.folder
        if folder is None:
            return None
        file = folder.expanduser() / f"{zone}.zone"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(zone_file(zone, changes), encoding="utf-8")
        except OSError as error:
            raise ProviderError(
                f"dns_providers.{self.name}.zone_files: {file} cannot be written: {error.strerror}",
                "name a directory that can be written to",
            ) from None
        return file


def zone_file(zone: str, changes: Sequence[Change]) -> str:
    """Return what comes into a zone as zone-file text (RFC 1035 5.1), and in comments what goes."""
    gone = [f"; {line}" for line in _records(changes, going=True)]
    head = [
        f"; Zone {zone}: add these records to those that are there.\n",
        *(["; Delete first:\n", *gone] if gone else []),
        f"$ORIGIN {zone}.\n",
    ]
    return "".join([*head, *_records(changes, going=False)])


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for mark, going in (("-", True), ("+", False)):
        for line in _records(changes, going=going):
            yield f"    {mark} {line}"


def _records(changes: Sequence[Change], *, going: bool) -> Iterator[str]:
    for change in changes:
        for value in change.remove if going else change.add:
            yield f"{change.slot.name}. {change.ttl} IN {change.slot.type} {value}\n"


class _Answers(Mapping[Slot, RecordSet]):
    """The record sets of a zone, each asked for when it is first looked up.

    Only those that were looked up are counted and iterated.
    """

    def __init__(self, provider: str, zone: str, world: World, addresses: Sequence[str]) -> None:
        self._provider, self._zone, self._world = provider, zone, world
        self._addresses = addresses
        self._found: dict[Slot, RecordSet] = {}

    def __getitem__(self, slot: Slot) -> RecordSet:
        if slot not in self._found:
            if (found := self._asked(slot)) is None:
                raise KeyError(slot)
            self._found[slot] = found
        return self._found[slot]

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _asked(self, slot: Slot) -> RecordSet | None:
        reply = Reply(failure="no server")
        for address in self._addresses:
            reply = self._world.direct(address, *slot)
            if reply.good:
                return _set(reply, slot, self._zone)
        raise ProviderError(
            f"dns_providers.{self._provider}: zone {self._zone}: no authoritative server answers "
            f"for {slot.name} {slot.type}: {reply.trouble}",
            "see that this machine reaches them, and ask whoever runs them",
        )


def _set(reply: Reply, slot: Slot, zone: str) -> RecordSet | None:
    """Return the set of an answer; of a referral, the NS set that delegates."""
    records = reply.answer
    if not reply.authoritative and slot.type == "NS" and is_under(slot.name, zone):
        records = reply.authority
    found = [each for each in records if (each.name, each.type) == slot]
    if not found:
        return None
    return RecordSet(min(r.ttl for r in found), tuple(sorted({r.value for r in found})))
