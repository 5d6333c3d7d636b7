"""Which new DKIM keys everybody can find, and for how long it is remembered that they were not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from postwright.dns import ListedSelectors, listed_selectors
from postwright.dns.answers import Authorities, Authority
from postwright.dns.errors import NotAnsweredError
from postwright.dns.records import RecordSet, Slot

KEYS = {"new-r": "v=DKIM1; k=rsa; p=AAAA", "new-e": "v=DKIM1; k=ed25519; p=BBBB"}
NOTHING = RecordSet(0, ())
Zone = Mapping[Slot, RecordSet | str]


class Two(Authorities):
    """Two servers, known without a resolver."""

    def __init__(self) -> None:
        pass

    def zone_of(self, name: str) -> str:
        assert name == "_domainkey.mail.alpha.test"
        return "alpha.test"

    def of(self, zone: str) -> list[Authority]:
        return [Authority(zone, name, "198.18.0.1") for name in ("ns1.test", "ns2.test")]


def zone(*selectors: str, ttl: int = 3600, minimum: int = 900) -> dict[Slot, RecordSet | str]:
    """Return a zone with some of the keys."""
    soa = RecordSet(ttl, (f"ns1.test. hostmaster.test. 1 600 60 86400 {minimum}",))
    names = {each: Slot(f"{each}._domainkey.mail.alpha.test", "TXT") for each in selectors}
    return {Slot("alpha.test", "SOA"): soa} | {
        slot: RecordSet(3600, (f'"{KEYS[each]}"',)) for each, slot in names.items()
    }


def listed(monkeypatch: pytest.MonkeyPatch, first: Zone, second: Zone) -> ListedSelectors:
    said = {"ns1.test": first, "ns2.test": second}
    monkeypatch.setattr(
        "postwright.dns.answers.look_at",
        lambda server, slot: said[server.name].get(slot, NOTHING),
    )
    return listed_selectors("mail.alpha.test", KEYS, Two())


def test_a_key_counts_when_every_server_lists_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = listed(monkeypatch, zone("new-r", "new-e"), zone("new-r"))
    assert found == ListedSelectors(("new-r",), 900)


def test_another_value_under_its_name_is_not_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    other = zone("new-r") | {
        Slot("new-r._domainkey.mail.alpha.test", "TXT"): RecordSet(3600, ('"v=DKIM1; p="',))
    }
    assert listed(monkeypatch, zone("new-r"), other).selectors == ()


def test_absence_is_remembered_for_the_ttl_of_the_soa_or_its_last_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert listed(monkeypatch, zone(ttl=60), zone(ttl=60)).ttl == 60
    assert listed(monkeypatch, zone(minimum=60), zone(minimum=1800)).ttl == 1800


def test_a_server_that_cannot_say_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = zone() | {Slot("new-e._domainkey.mail.alpha.test", "TXT"): "SERVFAIL"}
    with pytest.raises(NotAnsweredError, match=r"ns2\.test .*SERVFAIL"):
        listed(monkeypatch, zone(), silent)
