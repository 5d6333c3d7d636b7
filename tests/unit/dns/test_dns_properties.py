"""What holds for any zone and any model (hypothesis)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from dns_samples import NOW, ZONE, Memory, txt, want, zone
from hypothesis import assume, given
from hypothesis import strategies as st

from postwright.dns import manifest
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.errors import StalePlanError
from postwright.dns.plan import Plan
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import RecordSet, Slot, Snapshot, canonical
from postwright.dns.txt import decode, encode

NAMES = [
    "@",
    "mx1",
    "mx2",
    "www",
    "_dmarc",
    "_mta-sts",
    "_smtp._tls",
    "_25._tcp.mx1",
    "_imaps._tcp",
    "b.test._report._dmarc",
    "s1._domainkey",
    "*._domainkey",
    "*",
    "_postwright",
    "_postwright-2",
]
TEXTS = st.sampled_from(
    [
        "v=spf1 ip4:198.18.9.9 ~all",
        "v=spf1 include:a.test ?all",
        "v=DMARC1; p=none",
        "v=STSv1; id=1",
        "v=TLSRPTv1; rua=mailto:x@b.test",
        "google-site-verification=x",
        'with "quotes" and \\ and ;',
        "long " * 100,
        "postwright1 o=other k=mx n=@",
        "postwright1 o=postwright k=spf n=@",
        "postwright1 o=postwright k=a n=mx2",
        "postwright1 o=postwright k=dkim n=*._domainkey d=20261101T0000Z",
        "postwright1 o=postwright k=tlsa n=_25._tcp.mx1 d=20261101T0000Z",
        "postwright1 o=postwright k=caa n=mx1",
        "postwright1 o=postwright k=mta-sts n=_mta-sts",
    ]
).map(txt)
VALUES = {
    "A": st.sampled_from(["198.18.0.1", "198.18.0.2"]),
    "AAAA": st.sampled_from(["2001:2::1", "2001:2::2"]),
    "MX": st.sampled_from(["10 mx1.alpha.test.", "5 other.test.", "20 MX2.alpha.test."]),
    "TLSA": st.sampled_from([f"3 1 1 {'ab' * 32}", f"3 1 1 {'CD' * 32}", f"2 1 1 {'ef' * 32}"]),
    "CAA": st.sampled_from(
        ['0 issue "ca.test; accounturi=https://ca.test/1"', '0 issue ";"', '128 iodef "x"']
    ),
    "SRV": st.sampled_from(["0 0 0 .", "10 1 993 MX1.alpha.test.", "20 1 993 mx2.alpha.test."]),
    "TXT": TEXTS,
}
RECORDS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(st.sampled_from(NAMES), st.just(kind), VALUES[kind])
)
ZONES = st.lists(RECORDS, max_size=14, unique=True).map(lambda found: zone(*found))
WANTED = {
    Kind.A: [f"mx1.{ZONE}", f"mx2.{ZONE}"],
    Kind.AAAA: [f"mx1.{ZONE}", f"mx2.{ZONE}"],
    Kind.SPF: [ZONE, f"mx1.{ZONE}"],
    Kind.DKIM: [f"s1._domainkey.{ZONE}", f"*._domainkey.{ZONE}"],
    Kind.MX: [ZONE],
    Kind.DMARC: [f"_dmarc.{ZONE}"],
    Kind.DMARC_REPORT: [f"b.test._report._dmarc.{ZONE}"],
    Kind.MTA_STS: [f"_mta-sts.{ZONE}"],
    Kind.TLS_RPT: [f"_smtp._tls.{ZONE}"],
    Kind.TLSA: [f"_25._tcp.mx1.{ZONE}"],
    Kind.CAA: [f"mx1.{ZONE}", ZONE],
    Kind.SRV: [f"_imaps._tcp.{ZONE}"],
}
TEXT_OF = {
    Kind.SPF: txt("v=spf1 ip4:198.18.0.1 ~all"),
    Kind.DKIM: txt("v=DKIM1; p=" + "B" * 300),
    Kind.DMARC: txt("v=DMARC1; p=reject"),
    Kind.DMARC_REPORT: txt("v=DMARC1;"),
    Kind.MTA_STS: txt("v=STSv1; id=2;"),
    Kind.TLS_RPT: txt("v=TLSRPTv1; rua=mailto:x@alpha.test"),
}


@st.composite
def models(draw: st.DrawFn) -> list[Want]:
    """Draw a model's wants: any part of all that there may be."""
    found = []
    for kind, names in WANTED.items():
        for name in names:
            if draw(st.booleans()):
                fixed = TEXT_OF.get(kind)
                values = [fixed] if fixed else draw(
                    st.lists(VALUES[kind.upper()], min_size=1, max_size=2, unique=True)
                )  # fmt: skip
                found.append(want(kind, name, *values))
    return found


TASKS = st.builds(
    Task,
    models(),
    st.just("postwright"),
    st.sampled_from(Phase),
    st.just(NOW),
    st.frozensets(
        st.sampled_from(
            [ZONE, f"mx1.{ZONE}", f"_dmarc.{ZONE}", f"_mta-sts.{ZONE}", f"_25._tcp.mx1.{ZONE}"]
        )
    ),
    st.sampled_from([lambda _: False, lambda claim: claim.kind in {Kind.TLSA, Kind.CAA}]),
)


def foreign(before: Snapshot, task: Task) -> set[tuple[str, str, str]]:
    """Return the values that no claim of ours covers: neither listed as ours nor adopted."""
    mine = list(manifest.read(before, task.owner).mine)
    mine += [w.claim for w in task.wants if w.claim.name in task.adopt]
    return {
        (*slot, value)
        for slot, found in before.sets.items()
        for value in found.values
        if not any(claim.slot == slot and claim.covers(value) for claim in mine)
        and not (manifest.part_of(ZONE, slot) and "o=postwright" in value)
    }


@given(ZONES, TASKS)
def test_foreign_records_survive(before: Snapshot, task: Task) -> None:
    after = make_plan("lab", before, task).result(before)
    kept = {(*slot, value) for slot, found in after.sets.items() for value in found.values}
    assert foreign(before, task) <= kept


@given(ZONES, TASKS)
def test_a_second_plan_is_empty(before: Snapshot, task: Task) -> None:
    after = make_plan("lab", before, task).result(before)
    second = make_plan("lab", after, task)
    assert second.changes == ()


@given(ZONES, TASKS)
def test_apply_equals_plan_and_the_plan_is_data(before: Snapshot, task: Task) -> None:
    plan = make_plan("lab", before, task)
    assert Plan.from_json(plan.to_json()) == plan
    if plan.conflicts:
        return
    driver = Memory(before)
    apply(driver, plan)
    assert driver.read(ZONE).digest(driver.read(ZONE).sets) == _digest(plan.result(before))
    assert driver.updates == bool(plan.changes)


@given(ZONES, st.lists(TASKS, min_size=2, max_size=4))
def test_foreign_records_survive_any_sequence_of_plans(before: Snapshot, tasks: list[Task]) -> None:
    seen, left = before, {(*slot, value) for slot, it in before.sets.items() for value in it.values}
    for months, each in enumerate(tasks):
        task = replace(each, now=NOW + timedelta(days=30 * months))
        left &= foreign(seen, task)
        plan = make_plan("lab", seen, task)
        seen = seen if plan.conflicts else plan.result(seen)
    assert left <= {(*slot, value) for slot, it in seen.sets.items() for value in it.values}


@given(ZONES, TASKS, RECORDS)
def test_a_plan_made_before_a_foreign_change_is_refused(
    before: Snapshot, task: Task, record: tuple[str, str, str]
) -> None:
    plan = make_plan("lab", before, task)
    name, kind, value = record
    slot = Slot(ZONE if name == "@" else f"{name}.{ZONE}", kind)
    standing = before.values(slot)
    assume(plan.changes and not plan.conflicts and value not in standing)
    driver = Memory(replace(before, sets={**before.sets, slot: RecordSet(60, (*standing, value))}))
    now = driver.read(ZONE)
    if slot in plan.slots:
        with pytest.raises(StalePlanError):
            apply(driver, plan)
        assert driver.read(ZONE) == now
    else:
        apply(driver, plan)
        assert driver.read(ZONE).values(slot) == now.values(slot)


@given(ZONES)
def test_prune_removes_what_the_manifest_lists_and_nothing_else(before: Snapshot) -> None:
    seen = before
    for years in (0, 1):
        task = Task([], "postwright", Phase.CUTOVER, NOW + timedelta(days=365 * years))
        seen = make_plan("lab", seen, task).result(seen)
    mine = manifest.read(before, "postwright").mine
    assert manifest.read(seen, "postwright").mine == {}
    for slot, found in before.sets.items():
        listed = [claim for claim in mine if claim.slot == slot]
        entries = {v for places in manifest.read(before, "postwright").raw.values() for v in places}
        kept = tuple(
            value
            for value in found.values
            if not any(claim.covers(value) for claim in listed) and (slot, value) not in entries
        )
        assert seen.values(slot) == kept


TERMS = st.lists(
    st.sampled_from(
        [
            *("a", "mx:b.test", "include:a.test", "redirect=d.test", "exp=e.test", "?ptr"),
            *("ip4:198.18.7.7", "-ip4:198.18.7.8", "ip6:2001:2::7", "exists:%{i}.c.test"),
            *("~all", "-all"),
        ]
    ),
    max_size=6,
    unique=True,
)


@given(TERMS, st.lists(st.sampled_from(["198.18.0.1", "198.18.0.2", ""]), max_size=4))
def test_adopting_spf_loses_no_mechanism(terms: list[str], addresses: list[str]) -> None:
    """Whatever our own record becomes, and when it goes (the empty address), theirs stay."""
    seen = zone(("@", "TXT", txt(" ".join(["v=spf1", *terms]))))
    for months, address in enumerate(["198.18.0.1", *addresses, ""]):
        wants = [want(Kind.SPF, ZONE, txt(f"v=spf1 ip4:{address} ~all"))] if address else []
        for phase in Phase:
            now = NOW + timedelta(days=30 * months)
            task = Task(wants, "postwright", phase, now, frozenset([ZONE] if not months else []))
            plan = make_plan("lab", seen, task)
            seen = plan.result(seen)
        texts = [decode(value).decode() for value in seen.values(Slot(ZONE, "TXT"))]
        if plan.conflicts:
            return  # it stood alone again, so it is foreign again
        kept = {term.replace("redirect=", "include:") for term in terms} - {"~all"}
        assert kept <= set(" ".join(texts).split())


def _digest(snapshot: Snapshot) -> str:
    return snapshot.digest(snapshot.sets)


@given(ZONES, TASKS)
def test_soa_and_ns_are_never_touched(before: Snapshot, task: Task) -> None:
    types = {change.slot.type for change in make_plan("lab", before, task).changes}
    assert not types & {"SOA", "NS"}


@given(ZONES, TASKS)
def test_what_is_published_is_claimed(before: Snapshot, task: Task) -> None:
    plan = make_plan("lab", before, task)
    after = plan.result(before)
    claimed = manifest.read(after, task.owner).mine
    for change in plan.changes:
        for value in change.add if not manifest.part_of(ZONE, change.slot) else ():
            assert any(c.slot == change.slot and c.covers(value) for c in claimed)


@given(ZONES, TASKS)
def test_what_is_held_and_not_wanted_stays(before: Snapshot, task: Task) -> None:
    after = make_plan("lab", before, task).result(before)
    wanted = {want.claim for want in task.wants}
    for claim in manifest.read(before, task.owner).mine.keys() - wanted:
        if task.held(claim):
            assert after.values(claim.slot) == before.values(claim.slot)


@given(st.binary(max_size=800))
def test_txt_values_survive_the_codec(value: bytes) -> None:
    assert decode(encode(value)) == value
    assert canonical("TXT", encode(value)) == encode(value)
