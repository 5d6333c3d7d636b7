"""Applying: stale plans, lost answers, conflicts, several zones and providers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dns_samples import NOW, ZONE, Memory, task, txt, want, wants, zone

from postwright.dns import (
    Authorities,
    Guards,
    Order,
    Waiting,
    check,
    make_plans,
    probe,
    prove_announced,
    publish,
    run,
)
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.desired import Desired, Request
from postwright.dns.errors import (
    AmbiguousError,
    ConflictError,
    CredentialError,
    NotAnsweredError,
    NotServedError,
    SeveralError,
    StalePlanError,
)
from postwright.dns.planner import make_plan
from postwright.dns.records import RecordSet, Slot, Snapshot

ORDER = Order("postwright", Phase.ANNOUNCE, now=NOW)


def quick(_: float) -> None:
    """Wait for nothing."""


def test_a_stale_plan_is_refused_and_changes_nothing() -> None:
    driver = Memory(zone())
    plan = make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE))
    driver.zones[ZONE] = zone(("@", "TXT", txt("new")))
    with pytest.raises(StalePlanError, match="run again"):
        apply(driver, plan, quick)
    assert driver.updates == 0


def test_a_change_elsewhere_in_the_zone_makes_no_plan_stale() -> None:
    driver = Memory(zone())
    plan = make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE))
    driver.zones[ZONE] = zone(("www", "A", "198.18.0.80"))
    apply(driver, plan, quick)
    assert driver.updates == 1


@pytest.mark.parametrize("fate", ["before", "after"])
def test_an_update_without_an_answer_is_done_once(fate: str) -> None:
    driver = Memory(zone())
    driver.lose = [fate]
    plan = make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE))
    apply(driver, plan, quick)
    assert driver.updates == 1
    assert make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE)).changes == ()


def test_a_server_that_never_answers_is_given_up() -> None:
    driver = Memory(zone())
    driver.lose = ["before"] * 9
    plan = make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE))
    with pytest.raises(AmbiguousError):
        apply(driver, plan, quick)
    assert driver.updates == 0


def test_a_plan_with_conflicts_is_refused_whole() -> None:
    driver = Memory(zone(("mx1", "A", "198.18.0.77")))
    plan = make_plan("memory", driver.read(ZONE), task(phase=Phase.ANNOUNCE))
    with pytest.raises(ConflictError, match=r"198\.18\.0\.77(.|\n)*-e adopt=mx1\.alpha\.test"):
        apply(driver, plan, quick)
    assert driver.updates == 0


def requests() -> Desired:
    """Return a domain below its zone, a host, and pointers of which one has a zone here."""
    spf = want(Kind.SPF, "mail.alpha.test", txt("v=spf1 ip4:198.18.0.21 ~all"))
    return Desired(
        (
            Request("mail.alpha.test", "one", (), "mail.alpha.test", (spf,)),
            Request("mx1.alpha.test", None, ("one",), None, tuple(wants()[:2])),
            _pointer("21.0.18.198.in-addr.arpa"),
            _pointer("1.2.ip6.arpa"),
        ),
        (),
    )


def _pointer(name: str) -> Request:
    return Request(name, None, (), None, (want(Kind.PTR, name, "mx1.alpha.test."),))


def test_each_record_goes_to_the_longest_zone_of_whoever_serves_it() -> None:
    reverse = Snapshot("0.18.198.in-addr.arpa", {})
    drivers = {
        "one": Memory(zone(), Snapshot("test", {}), name="one"),
        "two": Memory(reverse, Snapshot("test", {})),
    }
    planned = make_plans(drivers, requests(), ORDER)
    check(planned, Guards())
    publish(drivers, planned)
    assert drivers["one"].read(ZONE).values(Slot("mx1.alpha.test", "A"))
    assert drivers["one"].read(ZONE).values(Slot("mail.alpha.test", "TXT"))
    assert drivers["one"].read("test").sets == {}
    pointer = Slot("21.0.18.198.in-addr.arpa", "PTR")
    assert drivers["two"].read(reverse.zone).values(pointer) == ("mx1.alpha.test.",)
    assert [w.claim.name for w in planned.manual] == ["1.2.ip6.arpa"]
    assert not make_plans(drivers, requests(), ORDER).changed


def test_a_domain_without_a_zone_is_named_with_its_provider() -> None:
    with pytest.raises(NotServedError, match=r"dns_providers\.one .*mail\.alpha\.test"):
        make_plans({"one": Memory(name="one")}, requests(), ORDER)


def test_one_failing_zone_stops_no_other_and_all_errors_are_told() -> None:
    names = [f"d{number}.test" for number in range(3)]
    driver = Memory(*(Snapshot(name, {}) for name in names))
    wanted = Desired(tuple(_domain(name) for name in names), ())
    planned = make_plans({"one": driver}, wanted, ORDER)
    for name in names[:2]:
        driver.zones[name] = Snapshot(name, {Slot(name, "TXT"): RecordSet(60, (txt("x"),))})
    with pytest.raises(SeveralError, match=r"d0\.test(.|\n)*d1\.test"):
        publish({"one": driver}, planned)
    assert len(driver.read("d2.test").values(Slot("d2.test", "TXT"))) == 1


def _domain(name: str) -> Request:
    return Request(name, "one", (), name, (want(Kind.SPF, name, txt("v=spf1 ~all")),))


class Refusing(Memory):
    """A provider that refuses every question, and counts them."""

    asked = 0

    def find_zone(self, name: str) -> str | None:
        self.asked += 1
        raise CredentialError("dns_providers.one.key_secret was refused", "copy it")


def test_a_refused_key_is_told_once_with_the_domains_that_need_it() -> None:
    driver = Refusing(name="one")
    wanted = Desired(tuple(_domain(f"d{number}.test") for number in range(7)), ())
    with pytest.raises(CredentialError, match=r"needed by: d0\.test(.)*d4\.test and 2 more"):
        probe({"one": driver}, wanted)
    assert driver.asked == 1


def proven(driver: Memory, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Want]]:
    """Return what the servers are asked for before cutover."""
    asked: dict[str, list[Want]] = {}
    monkeypatch.setattr(run, "wait", lambda wants, *_: asked.update(wants))
    planned = make_plans({"one": driver}, requests(), replace(ORDER, phase=Phase.CUTOVER))
    prove_announced(planned, Authorities(["198.18.0.1"]), Waiting())
    return asked


def test_cutover_wants_what_announce_published(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Memory(zone(), name="one")
    with pytest.raises(NotAnsweredError, match=r"mx1\.alpha\.test A(.|\n)*announce"):
        proven(driver, monkeypatch)
    publish({"one": driver}, make_plans({"one": driver}, requests(), ORDER))
    assert {want.claim.kind for want in proven(driver, monkeypatch)[ZONE]} == {
        Kind.A, Kind.AAAA, Kind.SPF
    }  # fmt: skip
    spf, address = Slot("mail.alpha.test", "TXT"), Slot("mx1.alpha.test", "A")
    for slot, value, missing in (
        (spf, txt("v=spf1 mx ip4:198.18.0.21 ~all"), False),
        (spf, txt("v=spf1 mx ~all"), True),
        (address, "198.18.0.99", True),
    ):
        there = driver.read(ZONE)
        changed = Memory(Snapshot(ZONE, {**there.sets, slot: RecordSet(60, (value,))}), name="one")
        if missing:
            with pytest.raises(NotAnsweredError):
                proven(changed, monkeypatch)
        else:
            proven(changed, monkeypatch)
