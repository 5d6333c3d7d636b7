"""Changes of a zone as Cloudflare's batches: how much at once, and what goes first."""

from __future__ import annotations

import pytest
from cloudflare_samples import driver_at, serving, zone_of
from dns_samples import NOW, ZONE, task, want

from cloudflare_server import Fault
from postwright.dns import manifest
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.drivers.cloudflare_batch import Batch, batches
from postwright.dns.drivers.cloudflare_records import Record
from postwright.dns.errors import PartialError, StalePlanError
from postwright.dns.plan import Plan
from postwright.dns.planner import make_plan
from postwright.dns.records import RecordSet, Slot, Snapshot

LATER = NOW.replace(year=2027)


def hosts(count: int) -> list[Want]:
    return [want(Kind.A, f"h{n}.{ZONE}", "198.18.0.1") for n in range(count)]


def plan_of(seen: Snapshot, count: int, *, later: bool = False) -> Plan:
    when = LATER if later else NOW
    phase = Phase.CUTOVER if later else Phase.ANNOUNCE
    return make_plan("cf", seen, task(phase=phase, wanted=hosts(count), now=when))


def records(seen: Snapshot) -> list[Record]:
    return [
        Record(f"{slot.name} {slot.type} {value}", slot, value, 300, False, False)
        for slot, found in seen.sets.items()
        for value in found.values
    ]


def test_up_to_two_hundred_changes_go_in_one_batch() -> None:
    plan = plan_of(Snapshot(ZONE), 100)
    assert [len(batch) for batch in batches(ZONE, plan.changes, [])] == [200]


def test_a_claim_is_written_before_its_record() -> None:
    made = batches(ZONE, plan_of(Snapshot(ZONE), 101).changes, [])
    assert [len(batch) for batch in made] == [200, 2]
    claims = [post["type"] for batch in made for post in batch.posts]
    assert claims == ["TXT"] * 101 + ["A"] * 101


def test_a_claim_goes_after_its_record() -> None:
    first = plan_of(Snapshot(ZONE), 101)
    standing = first.result(Snapshot(ZONE))
    retiring = plan_of(standing, 0, later=True).result(standing)
    due = make_plan("cf", retiring, task(
        phase=Phase.CUTOVER, wanted=[], now=LATER.replace(month=12)
    ))  # fmt: skip
    made = batches(ZONE, due.changes, records(retiring))
    gone = [each.split()[1] for batch in made for each in batch.deletes]
    assert gone == ["A"] * 101 + ["TXT"] * 101
    assert [len(batch) for batch in made] == [200, 2]


def test_a_set_is_changed_in_one_batch_unless_it_alone_is_longer() -> None:
    slot = Slot(f"a.{ZONE}", "A")
    old = tuple(f"198.18.0.{n}" for n in range(1, 4))
    new = tuple(f"198.18.1.{n}" for n in range(1, 4))
    seen = Snapshot(ZONE, {slot: RecordSet(300, old)})
    changes = [
        *plan_of(seen, 1).changes,
        type(plan_of(seen, 1).changes[0])(slot, 300, old, old, new),
    ]
    made = batches(ZONE, changes, records(seen), limit=6)
    assert [(len(b.deletes), len(b.posts)) for b in made] == [(0, 2), (3, 3)]
    made = batches(ZONE, changes[-1:], records(seen), limit=4)
    assert [(len(b.deletes), len(b.posts)) for b in made] == [(1, 3), (2, 0)]


def test_a_set_that_is_not_as_planned_makes_no_batch() -> None:
    plan = plan_of(Snapshot(ZONE), 1)
    taken = Snapshot(ZONE, {Slot(f"h0.{ZONE}", "A"): RecordSet(300, ("198.18.0.9",))})
    with pytest.raises(StalePlanError, match=r"h0\.alpha\.test A is not what the plan"):
        batches(ZONE, plan.changes, records(taken))


def test_a_run_that_stops_between_batches_is_finished_by_the_next() -> None:
    with serving(ZONE) as server:
        driver, zone = driver_at(server), zone_of(server, ZONE)
        plan = plan_of(driver.read(ZONE), 150)
        server.forget()
        server.faults = {3: Fault.CUT_AFTER}
        with pytest.raises(PartialError, match=r"200 of 300 changes were made"):
            apply(driver, plan, lambda _: None)
        listed = {entry.name for entry in manifest.read(driver.read(ZONE), "postwright").mine}
        assert {r["name"] for r in zone.records.values() if r["type"] == "A"} <= listed
        rest = plan_of(driver.read(ZONE), 150)
        apply(driver, rest, lambda _: None)
        assert not plan_of(driver.read(ZONE), 150).changes
        assert len(zone.records) == 300


def test_a_first_batch_that_was_made_unseen_is_not_called_somebody_elses() -> None:
    with serving(ZONE) as server:
        driver = driver_at(server)
        plan = plan_of(driver.read(ZONE), 150)
        server.forget()
        server.faults = {2: Fault.CUT_AFTER}
        with pytest.raises(StalePlanError, match="a part of it was made"):
            apply(driver, plan, lambda _: None)
        apply(driver, plan_of(driver.read(ZONE), 150), lambda _: None)
        assert not plan_of(driver.read(ZONE), 150).changes


def test_batches_add_up() -> None:
    assert len(Batch(["a"], [{}]) + Batch(["b"])) == 3
