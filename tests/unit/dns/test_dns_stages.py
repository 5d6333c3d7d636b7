"""Both phases planned at once, saved, and carried out exactly or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from dns_samples import NOW, ZONE, Memory, txt, want, wants, zone

from postwright.dns import Authorities, Guards, Order, Waiting, carry, saved
from postwright.dns.carry import carry_out
from postwright.dns.claims import Claim, Kind, Phase, Want
from postwright.dns.desired import Desired, Request
from postwright.dns.errors import StalePlanError
from postwright.dns.known import is_key_of
from postwright.dns.manifest import LABEL
from postwright.dns.plan import Change
from postwright.dns.records import RecordSet, Slot, Snapshot, canonical
from postwright.dns.saved import PlanFileError, Saved
from postwright.dns.stages import Staged, follow, make_stages, refusals

MX = Slot(ZONE, "MX")
ADDRESS = Slot(f"mx1.{ZONE}", "A")
ORDER = Order("postwright", Phase.ANNOUNCE, now=NOW)
KNOWN = Desired((Request(ZONE, "memory", (), ZONE, tuple(wants())),), ())


class Shouting(Memory):
    """A provider that gives TXT values back in other strings than it was sent."""

    def read(self, zone: str) -> Snapshot:
        found = super().read(zone)
        sets = {
            slot: RecordSet(each.ttl, tuple(sorted(_recut(slot, v) for v in each.values)))
            for slot, each in found.sets.items()
        }
        return Snapshot(zone, sets)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        self.zones[zone] = self.read(zone)
        super().apply(zone, changes)


def _recut(slot: Slot, value: str) -> str:
    return f'{value[:3]}" "{value[3:]}' if slot.type == "TXT" and '" "' not in value else value


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[Want]]]:
    """Return what the servers are asked for, in order; they answer rightly at once."""
    seen: list[dict[str, list[Want]]] = []

    def wait(expected: Mapping[str, Sequence[Want]], *_: object) -> list[str]:
        seen.append({name: list(found) for name, found in expected.items()})
        return ["ns1.test (198.18.0.1)"]

    monkeypatch.setattr(carry, "wait", wait)
    return seen


def staged(driver: Memory, wanted: Desired = KNOWN) -> Staged:
    return make_stages({"memory": driver}, wanted, ORDER)


def carried(driver: Memory, plans: Staged) -> list[str]:
    authorities = Authorities(["198.18.0.1"])
    return carry_out({"memory": driver}, plans.stages, "postwright", authorities, Waiting())


@pytest.mark.parametrize("kind", [Memory, Shouting])
def test_what_was_planned_is_what_there_is_afterwards(
    kind: type[Memory], asked: list[dict[str, list[Want]]]
) -> None:
    driver = kind(zone(("@", "TXT", txt("of somebody else"))))
    carried(driver, staged(driver))
    assert driver.updates == 2
    assert driver.read(ZONE).values(MX) == (f"10 mx1.{ZONE}.",)
    values = driver.read(ZONE).values(Slot(ZONE, "TXT"))
    assert txt("of somebody else") in {canonical("TXT", value) for value in values}
    assert not any(stage.changing for stage in staged(driver).stages)


def test_mx_is_published_only_when_what_it_needs_was_seen(
    asked: list[dict[str, list[Want]]],
) -> None:
    driver = Memory(zone())
    carried(driver, staged(driver))
    first, last = ({w.claim.kind for w in each[ZONE]} for each in asked)
    assert first == {Kind.A, Kind.AAAA, Kind.SPF, Kind.DKIM}
    assert last == first | {Kind.MX, Kind.DMARC}


def test_nothing_to_do_asks_nobody(asked: list[dict[str, list[Want]]]) -> None:
    driver = Memory(zone())
    carried(driver, staged(driver))
    asked.clear()
    assert carried(driver, staged(driver)) == []
    assert asked == []


@pytest.mark.parametrize("slot", [ADDRESS, MX, Slot(f"{LABEL}.{ZONE}", "TXT")])
def test_a_change_meanwhile_in_either_stage_refuses_both(
    slot: Slot, asked: list[dict[str, list[Want]]]
) -> None:
    driver = Memory(zone())
    plans = staged(driver)
    value = {"A": "198.18.0.9", "MX": "5 other.test.", "TXT": txt("x")}[slot.type]
    driver.zones[ZONE] = Snapshot(ZONE, {**driver.read(ZONE).sets, slot: RecordSet(60, (value,))})
    before = driver.read(ZONE)
    with pytest.raises(StalePlanError, match="nothing was changed"):
        carried(driver, plans)
    assert driver.read(ZONE) == before


def test_an_applied_plan_is_refused_the_second_time(asked: list[dict[str, list[Want]]]) -> None:
    driver = Memory(zone())
    plans = staged(driver)
    carried(driver, plans)
    with pytest.raises(StalePlanError, match="applied already"):
        carried(driver, plans)
    assert driver.updates == 2


def test_a_change_between_the_stages_refuses_the_second() -> None:
    driver = Memory(zone())
    plans = staged(driver)
    first, second = (next(iter(p.plans.values())) for p in (plans.announce, plans.cutover))
    after = first.result(driver.read(ZONE))
    assert follow(first, second, after).changes == second.changes
    for slot, value in ((ADDRESS, "198.18.0.9"), (MX, "5 other.test.")):
        changed = Snapshot(ZONE, {**after.sets, slot: RecordSet(60, (value,))})
        with pytest.raises(StalePlanError, match="first stage is applied"):
            follow(first, second, changed)


def _without_keys() -> Desired:
    some = tuple(each for each in wants() if each.claim.kind is not Kind.DKIM)
    return Desired((Request(ZONE, "memory", (), ZONE, some),), ((ZONE, "mx1"),))


def test_without_its_keys_a_new_domain_gets_no_mail() -> None:
    plans = staged(Memory(zone()), _without_keys())
    kinds = {change.slot.type for change in plans.stages[1].plans[0].changes}
    assert "MX" not in kinds
    assert plans.notes == (
        f"{ZONE}: MX, DMARC and all else that directs mail wait: the keys of mx1 are neither "
        "published nor given",
    )


def test_published_keys_stay_where_nobody_can_ask_the_host(
    asked: list[dict[str, list[Want]]],
) -> None:
    driver = Memory(zone())
    carried(driver, staged(driver))
    before = driver.read(ZONE)
    plans = staged(driver, _without_keys())
    assert not any(stage.changing for stage in plans.stages)
    assert plans.notes == ()
    other = replace(_without_keys(), unknown=((ZONE, "mx2"),))
    assert [n.partition(":")[0] for n in staged(driver, other).notes] == [ZONE]
    assert driver.read(ZONE) == before


def test_mail_is_not_directed_to_a_backup_mx_that_is_not_built(
    asked: list[dict[str, list[Want]]],
) -> None:
    tlsa = Claim(Kind.TLSA, f"_25._tcp.mx2.{ZONE}")
    unbuilt = replace(KNOWN, unready=((ZONE, "mx2", tlsa),))
    waits = staged(Memory(zone()), unbuilt)
    assert "the keys of mx2" in waits.notes[0]
    assert not any(stage.changing for stage in waits.stages if stage.phase is Phase.CUTOVER)
    # Once they are published, nobody has to ask the host.
    driver = Memory(zone())
    built = Request(ZONE, "memory", (), None, (Want(tlsa, (f"3 1 1 {'ab' * 32}",)),))
    carried(driver, staged(driver, replace(KNOWN, requests=(*KNOWN.requests, built))))
    assert staged(driver, replace(unbuilt, held_claims=frozenset({tlsa}))).notes == ()


@pytest.mark.parametrize(
    ("host", "known"), [("mx1", True), ("mx2", False), ("mx", False), ("m.1", False)]
)
def test_a_key_belongs_to_the_host_that_its_selector_names(host: str, known: bool) -> None:
    assert is_key_of(host, ZONE, f"mx1-202611r-ab12._domainkey.{ZONE}") is known
    assert not is_key_of(host, "beta.test", f"mx1-202611r._domainkey.{ZONE}")
    assert not is_key_of("mx1", ZONE, f"mx1-b-202611r._domainkey.{ZONE}")


def test_guards_and_conflicts_of_both_stages_are_told(asked: list[dict[str, list[Want]]]) -> None:
    driver = Memory(zone(("@", "MX", "5 other.test."), ("mx1", "A", "198.18.0.9")))
    found = refusals(staged(driver).stages, Guards())
    assert len(found) == 1
    assert "mx1.alpha.test A" in str(found[0])
    assert "alpha.test MX" in str(found[0])
    driver = Memory(zone())
    carried(driver, staged(driver))
    gone = Desired((Request(ZONE, "memory", (), ZONE, ()),), ())
    assert refusals(staged(driver, gone).stages, Guards()) == []
    assert "max_deletions: 2" in str(refusals(staged(driver, gone).stages, Guards(deletions=0))[0])


def test_a_saved_plan_is_the_same_plan(tmp_path: Path) -> None:
    plans = staged(Memory(zone(("@", "TXT", txt('quotes " and ü')))))
    saved.save(tmp_path / "new" / "plan", "postwright", plans.stages)
    kept = saved.read(tmp_path / "new" / "plan")
    assert kept.stages == plans.stages
    assert kept.owner == "postwright"


def _text() -> str:
    return saved.dump(Saved("postwright", NOW, staged(Memory(zone())).stages))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"postwright_plan": 1', '"postwright_plan": 2'), "version 2"),
        (lambda text: text.replace("10 mx1.alpha.test.", "10 evil.test."), "changed by hand"),
        (lambda text: text[:200], "no JSON"),
        (lambda _: "{}", "no plan"),
        (lambda _: "[]", "no plan"),
        (lambda _: '{"postwright_plan": 1}', "no whole plan"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(
    tmp_path: Path, change: object, said: str
) -> None:
    file = tmp_path / "plan"
    file.write_text(change(_text()), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(PlanFileError, match=said) as caught:
        saved.read(file)
    assert "plan again" in caught.value.mend


def test_a_plan_of_another_inventory_is_refused() -> None:
    kept = Saved("postwright", NOW, staged(Memory(zone())).stages)
    saved.refuse_other(kept, "postwright", {"memory": Memory()})
    with pytest.raises(PlanFileError, match="'postwright'; this inventory's is 'other'"):
        saved.refuse_other(kept, "other", {"memory": Memory()})
    with pytest.raises(PlanFileError, match="memory"):
        saved.refuse_other(kept, "postwright", {})


def test_a_plan_file_is_json_that_says_what_it_is() -> None:
    data = json.loads(_text())
    assert (data["postwright_plan"], data["owner"]) == (1, "postwright")
    assert [stage["phase"] for stage in data["stages"]] == ["announce", "cutover"]


def test_a_withheld_claim_of_ours_is_not_retired(asked: list[dict[str, list[Want]]]) -> None:
    driver = Memory(zone())
    carried(driver, staged(driver))
    more = want(Kind.MX, ZONE, f"10 mx1.{ZONE}.", "20 mx2.gamma.test.")
    some = [each for each in wants() if each.claim != Claim(Kind.MX, ZONE)]
    wanted = Desired((Request(ZONE, "memory", (), ZONE, (*some, more)),), ((ZONE, "mx2"),))
    assert not any(stage.changing for stage in staged(driver, wanted).stages)
