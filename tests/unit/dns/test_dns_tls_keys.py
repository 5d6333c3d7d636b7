"""Which TLS keys everybody can know: those that each authoritative server lists."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from postwright.dns import ListedKeys, listed_keys
from postwright.dns.answers import Authorities, Authority, NoRouteError
from postwright.dns.errors import NotAnsweredError
from postwright.dns.records import RecordSet, Slot

OLD, NEW = "ab" * 32, "cd" * 32
NOTHING = RecordSet(0, ())
Answer = RecordSet | str | None


class Two(Authorities):
    """Two servers, known without a resolver."""

    def __init__(self) -> None:
        pass

    def zone_of(self, name: str) -> str:
        return name.partition(".")[2]

    def of(self, zone: str) -> list[Authority]:
        return [Authority(zone, name, "198.18.0.1") for name in ("ns1.test", "ns2.test")]


def tlsa(ttl: int, *keys: str) -> RecordSet:
    return RecordSet(ttl, tuple(f"3 1 1 {key}" for key in keys))


def listed(monkeypatch: pytest.MonkeyPatch, first: Answer, second: Answer) -> ListedKeys:
    """Return what is found where the servers answer so; None is out of reach."""
    said: Mapping[str, Answer] = {"ns1.test": first, "ns2.test": second}

    def look_at(server: Authority, slot: Slot) -> RecordSet | str:
        assert (server.zone, slot) == ("alpha.test", Slot("_25._tcp.mx1.alpha.test", "TLSA"))
        found = said[server.name]
        if found is None:
            raise NoRouteError
        return found

    monkeypatch.setattr("postwright.dns.answers.look_at", look_at)
    return listed_keys("mx1.alpha.test", Two())


def test_a_key_counts_when_every_server_lists_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = listed(monkeypatch, tlsa(3600, OLD, NEW), tlsa(3600, OLD))
    assert found == ListedKeys((OLD,), 3600)


def test_the_longest_ttl_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(monkeypatch, tlsa(60, OLD), tlsa(3600, OLD)).ttl == 3600


def test_a_server_without_the_set_lists_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(monkeypatch, tlsa(3600, OLD), NOTHING) == ListedKeys((), 3600)
    assert listed(monkeypatch, NOTHING, NOTHING) == ListedKeys((), None)


def test_certificates_digests_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    found = RecordSet(3600, (f"3 0 1 {OLD}",))
    assert listed(monkeypatch, found, found) == ListedKeys((), 3600)


def test_a_server_out_of_reach_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(monkeypatch, None, tlsa(3600, OLD)).keys == (OLD,)
    with pytest.raises(NotAnsweredError, match="has an address"):
        listed(monkeypatch, None, None)


def test_a_server_that_cannot_say_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAnsweredError, match=r"ns2\.test .*SERVFAIL"):
        listed(monkeypatch, tlsa(3600, OLD), "SERVFAIL")
