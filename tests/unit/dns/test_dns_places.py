"""Which provider gets what, where several could."""

from __future__ import annotations

import pytest
from dns_samples import Memory, want

from postwright.dns.claims import Kind
from postwright.dns.desired import Request
from postwright.dns.errors import DnsError
from postwright.dns.places import Place, place
from postwright.dns.records import Snapshot

ZONE = "alpha.test"


def request(name: str, provider: str | None, *preferred: str) -> Request:
    wants = (want(Kind.A, name, "198.18.0.1"),)
    return Request(name, provider, preferred, name if provider else None, wants)


def providers(*names: str) -> dict[str, Memory]:
    return {name: Memory(Snapshot(ZONE), name=name) for name in names}


def test_one_zone_is_not_shared_by_two_providers() -> None:
    """Each would retire what only the other wants, by the same manifest."""
    requests = [request(ZONE, "one"), request(f"parked.{ZONE}", "two")]
    with pytest.raises(DnsError) as caught:
        place(requests, providers("one", "two"))
    assert caught.value.what == (
        f"zone {ZONE} would be published by several providers: one, two\n"
        f"    for: {ZONE} (one), parked.{ZONE} (two)"
    )


def test_what_names_no_provider_goes_to_the_preferred_one() -> None:
    requests = [request(f"mx1.{ZONE}", None, "two"), request(ZONE, "two")]
    assert set(place(requests, providers("one", "two")).wants) == {Place("two", ZONE)}


def test_a_zone_that_is_only_retired_may_be_at_several() -> None:
    made = place([], providers("one", "two"), extra=[ZONE])
    assert set(made.wants) == {Place("one", ZONE), Place("two", ZONE)}
