"""What is asked of octoDNS's packages, and what they are kept from."""

from __future__ import annotations

from collections.abc import Iterator

import octodns_samples
import pytest
from dns_samples import NOW, txt, want
from octodns_samples import SECRET, Plain, driver, start

from postwright.dns import Guards, Order, check, make_plans
from postwright.dns.claims import Kind, Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.drivers.octodns import Account, Octodns
from postwright.dns.errors import (
    ConflictError,
    CredentialError,
    NotServedError,
    PartialError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.plan import Change
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import Slot

ZONE = "zone.test"
ADDRESS = Change(Slot(f"mx1.{ZONE}", "A"), 300, (), (), ("198.18.0.1",))
SPF = Change(Slot(f"mx1.{ZONE}", "TXT"), 300, (), (), (txt("v=spf1 -all"),))
CLAIMS = Change(Slot(f"_postwright.{ZONE}", "TXT"), 300, (), (), (txt("of ours"),))


@pytest.fixture(autouse=True)
def _started() -> Iterator[None]:
    start(ZONE, "sub.zone.test", "elsewhere.test")
    yield
    start()


@pytest.mark.parametrize("kind", ["Plain", "Listing"])
def test_the_longest_zone_is_found_whether_or_not_the_package_lists(kind: str) -> None:
    found = driver(kind)
    assert found.find_zone(f"a.b.{ZONE}") == ZONE
    assert found.find_zone("a.sub.zone.test") == "sub.zone.test"
    assert found.find_zone("notzone.test") is None


@pytest.mark.parametrize("kind", ["Plain", "Listing"])
def test_a_zone_that_is_not_there_is_an_error_and_stays_so(kind: str) -> None:
    del Plain.zones[ZONE]
    found = driver(kind)
    for act in (found.read, found.probe, lambda zone: found.apply(zone, [ADDRESS])):
        with pytest.raises(NotServedError, match=r"dns_providers\.od: .*has no zone zone\.test"):
            act(ZONE)
    assert ZONE not in Plain.zones


def test_only_what_is_touched_is_sent() -> None:
    held = Plain.zones[ZONE]
    held["", "NS"] = {"type": "NS", "ttl": 60, "values": ["ns1.test."]}
    held["www", "A"] = {"type": "A", "ttl": 60, "values": ["198.18.0.80"]}
    driver().apply(ZONE, [ADDRESS])
    assert Plain.sent == ["mx1 A"]
    assert {"", "www", "mx1"} == {name for name, _ in held}


def test_claims_come_before_their_records_and_go_after_them() -> None:
    driver().apply(ZONE, [ADDRESS, SPF, CLAIMS])
    assert Plain.sent == ["_postwright TXT", "mx1 A", "mx1 TXT"]
    Plain.sent.clear()
    ends = [Change(c.slot, 300, c.add, c.add, ()) for c in (ADDRESS, SPF, CLAIMS)]
    driver().apply(ZONE, ends)
    assert Plain.sent == ["mx1 A", "mx1 TXT", "_postwright TXT"]


def test_a_package_that_writes_whole_zones_is_refused_before_it_writes() -> None:
    with pytest.raises(ProviderError, match="replaces whole zones"):
        driver("Whole").apply(ZONE, [ADDRESS])
    assert Plain.zones[ZONE] == {}


def test_what_changed_meanwhile_stops_all_steps_before_the_first() -> None:
    Plain.zones[ZONE]["mx1", "TXT"] = {"type": "TXT", "ttl": 60, "values": ["of others"]}
    with pytest.raises(StalePlanError):
        driver().apply(ZONE, [ADDRESS, SPF, CLAIMS])
    assert not Plain.sent


def test_a_type_that_the_package_lacks_stops_the_plan() -> None:
    port = want(Kind.TLSA, f"_25._tcp.mx1.{ZONE}", f"3 1 1 {'ab' * 32}")
    wanted = Desired((Request(f"mx1.{ZONE}", None, ("od",), None, (port,)),), ())
    made = make_plans({"od": driver()}, wanted, Order("postwright", Phase.CUTOVER, now=NOW))
    with pytest.raises(ConflictError, match=r"TLSA: octodns-samples does not support the type"):
        check(made, Guards())


@pytest.mark.parametrize("strict", [True, False])
def test_what_the_package_would_change_is_refused(strict: bool) -> None:
    """A package that holds one PTR value keeps the first of two, or raises."""
    two = Change(Slot(f"1.{ZONE}", "PTR"), 300, (), (), ("a.test.", "b.test."))
    found = driver(strict_supports=strict)
    refused = [each for each in found.capabilities.refusals if each.refuses(two)]
    assert ["cannot hold it as it is wanted" in each.why for each in refused] == [True]
    with pytest.raises(ProviderError, match=r"zone zone\.test: 1\.zone\.test PTR: octodns-samples"):
        found.apply(ZONE, [two])


POOLS = {
    "pools": {"one": {"values": [{"value": "198.18.0.2"}]}},
    "rules": [{"pool": "one"}],
}


@pytest.mark.parametrize("more", [{"dynamic": POOLS}, {"type": "ALIAS"}], ids=["dynamic", "ALIAS"])
def test_what_a_plain_record_would_replace_hinders_it(more: dict[str, object]) -> None:
    values = {"value": "a.test."} if "type" in more else {"values": ["198.18.0.1"]}
    Plain.zones[ZONE]["mx1", "A"] = {"type": "A", "ttl": 60, **values, **more}
    wants = [want(Kind.A, f"mx1.{ZONE}", "198.18.0.1")]
    task = Task(wants, "postwright", Phase.ANNOUNCE, NOW, frozenset({f"mx1.{ZONE}"}))
    plan = make_plan("od", driver().read(ZONE), task)
    assert [(each.slot.type, each.adoptable) for each in plan.conflicts] == [("A", False)]


def test_a_value_that_nobody_can_read_hinders_its_set_only() -> None:
    Plain.zones[ZONE]["x", "CAA"] = {
        "type": "CAA", "ttl": 60, "values": [{"flags": 999, "tag": "issue", "value": "ca.test"}],
    }  # fmt: skip
    seen = driver().read(ZONE)
    assert [each.slot for each in seen.hindrances] == [Slot(f"x.{ZONE}", "CAA")]


def test_a_key_that_is_refused_is_named_and_not_shown() -> None:
    class UnauthorizedError(Exception):
        pass

    def refuse(_: int) -> None:
        raise UnauthorizedError(f"token {SECRET} is not known")

    Plain.before = staticmethod(refuse)
    with pytest.raises(CredentialError) as caught:
        driver().apply(ZONE, [ADDRESS])
    assert "(options.token) is not known (changing zone zone.test)" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(driver().__dict__)


def test_a_refusal_midway_says_that_a_part_was_made() -> None:
    def refuse(number: int) -> None:
        if number == 2:
            raise RuntimeError("no more than one record")

    Plain.before = staticmethod(refuse)
    with pytest.raises(PartialError, match=r"a part of the changes was made(.|\n)*run again"):
        driver().apply(ZONE, [ADDRESS, SPF])
    start(ZONE)
    Plain.before = staticmethod(refuse)
    with pytest.raises(PartialError, match="a part of the changes"):
        driver().apply(ZONE, [ADDRESS, CLAIMS])


def test_an_account_that_changes_nothing_is_no_success() -> None:
    with pytest.raises(ProviderError, match="apply_disabled"):
        driver(apply_disabled=True).apply(ZONE, [ADDRESS])


def test_a_package_that_is_not_installed_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(ProviderError, match=r"pip install octodns octodns-route53"):
        Octodns(Account("od", "octodns_route53.Route53Provider", {}))


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (Account("od", "octodns_samples.Nothing", {}), "octodns_samples has no Nothing"),
        (Account("od", "octodns_samples.Plain", {"tokn": SECRET}), "'token'"),
    ],
)
def test_a_wrong_class_or_option_is_told(account: Account, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as caught:
        Octodns(account).read(ZONE)
    assert SECRET not in str(caught.value)
    assert octodns_samples.__name__ in str(caught.value)
