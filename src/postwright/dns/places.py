"""Which zone of which provider gets what: zones are looked for, for a mail domain need be none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from .claims import Want
from .desired import Request
from .drivers import Driver
from .errors import CredentialError, DnsError, NotServedError, ProviderError, raise_all
from .records import Snapshot

PER_CREDENTIAL = 8
"""Zones that are worked at once with one credential."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, order=True)
class Place:
    """A zone at a provider."""

    provider: str
    zone: str


@dataclass(frozen=True)
class Placed:
    """What goes where, and what none of our providers can publish."""

    wants: Mapping[Place, Sequence[Want]]
    unplaced: Sequence[Want]


def each(items: Iterable[T], credential: Callable[[T], str], work: Callable[[T], R]) -> list[R]:
    """Return the results of `work`, in order; items of one credential share a few threads.

    Raises:
        DnsError: what went wrong, of all items together; the others were worked to the end.
    """
    listed = list(items)
    names = dict.fromkeys(credential(item) for item in listed)
    pools = {name: ThreadPoolExecutor(PER_CREDENTIAL) for name in names}
    try:
        futures = [pools[credential(item)].submit(work, item) for item in listed]
        errors = [error for future in futures if isinstance(error := future.exception(), DnsError)]
        raise_all(list({str(error): error for error in errors}.values()))
        return [future.result() for future in futures]
    finally:
        for pool in pools.values():
            pool.shutdown()


def read_zones(drivers: Mapping[str, Driver], places: Iterable[Place]) -> dict[Place, Snapshot]:
    """Return what each zone holds.

    Raises:
        DnsError: a provider refused or failed.
    """
    listed = list(places)
    read = each(listed, lambda it: it.provider, lambda it: drivers[it.provider].read(it.zone))
    return dict(zip(listed, read, strict=True))


def place(
    requests: Sequence[Request], drivers: Mapping[str, Driver], extra: Sequence[str] = ()
) -> Placed:
    """Return the zone of each request.

    `extra` are names whose zones are looked at though nothing is wanted there: what is ours in them
    is retired.

    Raises:
        NotServedError: a mail domain's provider has no zone for it.
        DnsError: a provider refused or failed, or two would publish one zone.
    """
    asked: dict[tuple[str, str], None] = {}
    for request in requests:
        for provider in _candidates(request, drivers):
            asked[provider, request.base] = None
    for name in extra:
        asked |= dict.fromkeys((provider, name) for provider in drivers)
    found = _zones(list(asked), requests, drivers)
    wants: dict[Place, list[Want]] = {}
    unplaced: list[Want] = []
    errors: list[DnsError] = []
    for request in requests:
        chosen = _longest(request, found, drivers)
        if chosen:
            wants.setdefault(chosen, []).extend(request.wants)
        elif request.provider:
            errors.append(_not_served(request))
        else:
            unplaced += request.wants
    raise_all([*errors, *_shared(requests, found, wants)])
    for name in extra:
        for provider in drivers:
            if zone := found[provider, name]:
                wants.setdefault(Place(provider, zone), [])
    return Placed(wants, unplaced)


def _zones(
    pairs: Sequence[tuple[str, str]], requests: Sequence[Request], drivers: Mapping[str, Driver]
) -> dict[tuple[str, str], str | None]:
    """Return the zone of each (provider, name).

    Each provider gets one question first: where that fails, a thousand more would only take long.
    """

    def find(pair: tuple[str, str]) -> str | None:
        provider, name = pair
        try:
            return drivers[provider].find_zone(name)
        except (CredentialError, ProviderError) as error:
            needed = _needed_by(provider, requests)
            raise type(error)(f"{error.what}\n    needed by: {needed}", error.mend) from None

    first = list({provider: (provider, name) for provider, name in reversed(pairs)}.values())
    rest = [pair for pair in pairs if pair not in first]
    found: dict[tuple[str, str], str | None] = {}
    for some in (first, rest):
        found |= zip(some, each(some, lambda pair: pair[0], find), strict=True)
    return found


def _needed_by(provider: str, requests: Sequence[Request], most: int = 5) -> str:
    """Return the mail domains that a provider publishes, the first few by name."""
    domains = [r.domain for r in requests if r.provider == provider and r.domain]
    more = f" and {len(domains) - most} more" if len(domains) > most else ""
    return ", ".join(domains[:most]) + more


def _candidates(request: Request, drivers: Mapping[str, Driver]) -> list[str]:
    if request.provider:
        return [request.provider]
    return [*request.preferred, *(name for name in drivers if name not in request.preferred)]


def _longest(
    request: Request,
    found: Mapping[tuple[str, str], str | None],
    drivers: Mapping[str, Driver],
) -> Place | None:
    """Return the longest zone, of a last resort only without any; among equals the first's."""
    places = [
        Place(provider, zone)
        for provider in _candidates(request, drivers)
        if (zone := found[provider, request.base])
    ]

    def rank(place: Place) -> tuple[bool, int]:
        return not drivers[place.provider].capabilities.last_resort, place.zone.count(".")

    return max(places, key=rank, default=None)


def _not_served(request: Request) -> NotServedError:
    return NotServedError(
        f"dns_providers.{request.provider} serves no zone that holds {request.domain}",
        f"make the zone there (Postwright never makes one), let the provider's key see it, or name "
        f"the provider that serves it in mail_domains.{request.domain}.dns",
    )


def _shared(
    requests: Sequence[Request],
    found: Mapping[tuple[str, str], str | None],
    places: Iterable[Place],
) -> list[DnsError]:
    """Return the zones that several providers would publish, each retiring what it lacks."""
    providers: dict[str, set[str]] = {}
    for it in places:
        providers.setdefault(it.zone, set()).add(it.provider)
    errors: list[DnsError] = []
    for zone, names in sorted(providers.items()):
        if len(names) > 1:
            domains = [
                f"{request.domain} ({request.provider})"
                for request in requests
                if request.provider and found[request.provider, request.base] == zone
            ]
            errors.append(
                DnsError(
                    f"zone {zone} would be published by several providers: "
                    f"{', '.join(sorted(names))}\n    for: {', '.join(dict.fromkeys(domains))}",
                    "name one provider in the `dns` of all mail domains of a zone",
                )
            )
    return errors
