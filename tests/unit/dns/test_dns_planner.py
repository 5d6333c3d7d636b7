"""The planner: what is planned, what stops it, what is retired when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from dns_samples import APEX_MX, APEX_TXT, NOW, OURS, ZONE, entries, task, txt, want, wants, zone

from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.plan import Guards, Plan
from postwright.dns.planner import ADDRESS_TTL, TTL, make_plan
from postwright.dns.records import Slot, Snapshot

ANNOUNCE, CUTOVER = Phase.ANNOUNCE, Phase.CUTOVER
VERIFICATION = txt("google-site-verification=abc")


def plan(snapshot: Snapshot, **asked: object) -> Plan:
    return make_plan("lab", snapshot, task(**asked))  # type: ignore[arg-type]


def published(snapshot: Snapshot | None = None) -> Snapshot:
    """Return a zone after both phases."""
    found = snapshot or zone()
    for phase in (ANNOUNCE, CUTOVER):
        found = plan(found, phase=phase).result(found)
    return found


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def test_announce_publishes_all_but_mx_and_dmarc() -> None:
    types = {(c.slot.name, c.slot.type) for c in plan(zone(), phase=ANNOUNCE).changes}
    assert (f"mx1.{ZONE}", "A") in types
    assert APEX_TXT in types
    assert not {APEX_MX, (f"_dmarc.{ZONE}", "TXT")} & types


def test_every_record_is_claimed_in_the_manifest() -> None:
    assert len(entries(published())) == len(wants())


def test_a_second_plan_is_empty() -> None:
    for phase in (ANNOUNCE, CUTOVER):
        assert plan(published(), phase=phase).changes == ()


def test_a_foreign_value_in_the_same_txt_set_stays_with_its_ttl() -> None:
    made = plan(zone(("@", "TXT", VERIFICATION)), phase=ANNOUNCE)
    change = next(c for c in made.changes if c.slot == APEX_TXT)
    assert change.remove == ()
    assert change.after == tuple(sorted([VERIFICATION, txt(OURS)]))
    assert change.before == (VERIFICATION,)
    assert change.ttl == 300
    ttls = {each.slot.type: each.ttl for each in made.changes if each.slot != APEX_TXT}
    assert ttls["A"] == ADDRESS_TTL
    assert ttls["TXT"] == TTL


def test_a_foreign_value_in_our_slot_stops_until_adopted() -> None:
    there = zone(("@", "MX", "5 mail.elsewhere.example."))
    refused = plan(there, phase=CUTOVER)
    assert [(c.slot, c.adoptable) for c in refused.conflicts] == [(APEX_MX, True)]
    assert all(change.slot != APEX_MX for change in refused.changes)
    adopted = plan(there, phase=CUTOVER, adopt=[ZONE])
    assert adopted.conflicts == ()
    assert adopted.result(there).values(APEX_MX) == (f"10 mx1.{ZONE}.",)
    assert adopted.deletions == 0


def test_even_our_own_value_is_foreign_without_a_manifest() -> None:
    there = zone(("mx1", "A", "198.18.0.21"))
    assert [c.slot.type for c in plan(there, phase=ANNOUNCE).conflicts] == ["A"]
    adopted = plan(there, phase=ANNOUNCE, adopt=[f"mx1.{ZONE}"])
    assert all(change.slot.type != "A" for change in adopted.changes)


def test_adopting_an_spf_keeps_its_terms_in_every_later_run() -> None:
    found = zone(("@", "TXT", txt("v=spf1 include:_spf.google.com a:old.test -all")))
    merged = "v=spf1 ip4:198.18.0.21 include:_spf.google.com a:old.test -all"
    for phase, adopt in ((ANNOUNCE, [ZONE]), (CUTOVER, []), (ANNOUNCE, []), (CUTOVER, [])):
        found = plan(found, phase=phase, adopt=adopt).result(found)
        assert found.values(APEX_TXT) == (txt(merged),)


def test_spf_is_a_union_until_the_queues_are_empty() -> None:
    found = published()
    moved = [w for w in wants() if w.claim.kind is not Kind.SPF or w.claim.name != ZONE]
    moved.append(want(Kind.SPF, ZONE, txt("v=spf1 ip4:198.18.0.99 ~all")))
    union = txt("v=spf1 ip4:198.18.0.99 ip4:198.18.0.21 ~all")
    for phase, days, seen in (
        (ANNOUNCE, 0, union),
        (CUTOVER, 0, union),
        (ANNOUNCE, 8, union),
        (CUTOVER, 8, txt("v=spf1 ip4:198.18.0.99 ~all")),
        (ANNOUNCE, 8, txt("v=spf1 ip4:198.18.0.99 ~all")),
    ):
        found = plan(found, phase=phase, wanted=moved, now=later(days)).result(found)
        assert found.values(APEX_TXT) == (seen,), (phase, days)
    assert plan(found, phase=CUTOVER, wanted=moved, now=later(8)).changes == ()


def test_only_whom_an_old_spf_names_stays_in_force_and_not_its_verdict() -> None:
    parked = [want(Kind.SPF, ZONE, txt("v=spf1 -all"))]
    found = published()
    for wanted, seen in (
        (parked, "v=spf1 ip4:198.18.0.21 -all"),
        (wants(), "v=spf1 ip4:198.18.0.21 ~all"),
    ):
        found = plan(found, phase=ANNOUNCE, wanted=wanted).result(found)
        assert found.values(APEX_TXT) == (txt(seen),)


def test_a_caa_of_ours_follows_the_account_before_the_certificate_is_ordered() -> None:
    def caa(account: int) -> Want:
        return want(
            Kind.CAA, f"mx1.{ZONE}", f'0 issue "ca.test; accounturi=https://ca.test/{account}"'
        )

    first = plan(zone(), phase=ANNOUNCE, wanted=[caa(1)])
    assert first.changes == ()
    there = plan(zone(), phase=CUTOVER, wanted=[caa(1)]).result(zone())
    rebuilt = plan(there, phase=ANNOUNCE, wanted=[caa(2)])
    assert rebuilt.result(there).values(Slot(f"mx1.{ZONE}", "CAA")) == caa(2).values


def test_too_many_look_ups_are_refused() -> None:
    many = " ".join(f"include:s{number}.test" for number in range(11))
    made = plan(zone(("@", "TXT", txt(f"v=spf1 {many} -all"))), phase=ANNOUNCE, adopt=[ZONE])
    assert ["RFC 7208" in c.why for c in made.conflicts] == [True]


def test_another_owners_claim_is_refused_and_not_adoptable() -> None:
    there = published()
    made = plan(there, phase=ANNOUNCE, owner="other", adopt=[ZONE, f"mx1.{ZONE}"])
    assert made.changes == ()
    assert not any(conflict.adoptable for conflict in made.conflicts)
    assert "'postwright' owns it" in made.conflicts[0].why


def test_a_record_at_a_wildcard_is_no_manifest() -> None:
    claim = txt("postwright1 o=postwright k=mx n=@")
    there = zone(("*", "TXT", claim), ("@", "MX", "5 mail.elsewhere.example."))
    assert [c.slot for c in plan(there, phase=CUTOVER).conflicts] == [APEX_MX]


@pytest.mark.parametrize(
    "value", ["something else", "postwright1 o=postwright k=of-a-later-version n=mx1"]
)
def test_what_is_not_ours_in_the_manifests_set_stays(value: str) -> None:
    found = published(zone(("_postwright", "TXT", txt(value))))
    assert txt(value) in entries(found)


def test_a_cname_or_a_delegation_in_the_way_is_shown() -> None:
    made = plan(zone(("mx1", "CNAME", "other.test.")), phase=ANNOUNCE)
    assert {c.slot.type for c in made.conflicts} == {"CNAME"}
    made = plan(zone(("_domainkey", "NS", "ns9.test.")), phase=ANNOUNCE)
    assert ["delegated" in c.why for c in made.conflicts] == [True]


def test_announce_deletes_nothing_and_cutover_retires() -> None:
    there = published()
    assert plan(there, phase=ANNOUNCE, wanted=[]).changes == ()
    made = plan(there, phase=CUTOVER, wanted=[])
    gone = {change.slot for change in made.changes if change.remove}
    assert {APEX_MX, Slot(f"_dmarc.{ZONE}", "TXT")} <= gone
    assert made.deletions == 2
    assert made.owned == 7
    # Addresses and keys are needed by what is still under way.
    assert f"mx1.{ZONE}" not in {slot.name for slot in gone}


def test_a_selector_is_retired_when_due_and_not_before() -> None:
    key = Slot(f"mx1-202611r._domainkey.{ZONE}", "TXT")
    rest = [w for w in wants() if w.claim.kind is not Kind.DKIM]
    found = published()
    for days, stays in ((0, True), (6, True), (8, False)):
        found = plan(found, phase=CUTOVER, wanted=rest, now=later(days)).result(found)
        assert bool(found.values(key)) is stays, days
    assert not [value for value in entries(found) if "_domainkey" in value]


def test_a_selector_that_is_wanted_again_is_not_retired() -> None:
    rest = [w for w in wants() if w.claim.kind is not Kind.DKIM]
    found = published()
    found = plan(found, phase=CUTOVER, wanted=rest).result(found)
    assert any(" d=" in value for value in entries(found))
    found = plan(found, phase=ANNOUNCE).result(found)
    assert not any(" d=" in value for value in entries(found))


def test_what_vanished_by_hand_is_published_again() -> None:
    there = published()
    hole = Snapshot(ZONE, {s: r for s, r in there.sets.items() if s.type != "A"})
    assert plan(hole, phase=ANNOUNCE).result(hole).digest(there.sets) != hole.digest(there.sets)
    assert plan(hole, phase=ANNOUNCE).result(hole).values(Slot(f"mx1.{ZONE}", "A"))


def test_a_plan_survives_being_written_down() -> None:
    made = plan(zone(("@", "MX", "5 other.test."), ("@", "TXT", VERIFICATION)), phase=CUTOVER)
    assert Plan.from_json(made.to_json()) == made


def test_guards_count_our_deletions_only() -> None:
    there = published(zone(*[(f"h{n}", "A", f"198.18.1.{n}") for n in range(50)]))
    wanted = [w for w in wants() if w.claim.kind is not Kind.DKIM]
    made = [plan(there, phase=CUTOVER, wanted=wanted[:3], now=later(0))]
    assert Guards().check(made) == []
    assert Guards(deletions=1).check(made)[0].mend.endswith("max_deletions: 2")
    assert Guards(percent=20, few=1).check(made)[0].mend.endswith("max_deletion_percent: 29")
    assert Guards(zones=0).check(made)[0].mend.endswith("max_deletion_zones: 1")


def test_guards_do_not_count_what_the_manifest_has_announced() -> None:
    """Selectors of a rollover go a week later, in all zones on one day."""
    never = Guards(deletions=0, zones=0)
    wanted = [w for w in wants() if w.claim.kind is not Kind.DKIM]
    told = plan(published(), phase=CUTOVER, wanted=wanted)
    there = told.result(published())
    made = plan(there, phase=CUTOVER, wanted=wanted, now=later(8))
    assert [c.slot.name for c in made.changes if c.remove and not c.slot.name.startswith("_post")]
    assert never.check([made]) == []
    fewer = [w for w in wanted if w.claim.kind is not Kind.MX]
    assert never.check([plan(there, phase=CUTOVER, wanted=fewer, now=later(8))])


def test_guards_do_not_count_a_tls_key_that_was_rolled_over_unless_all_go() -> None:
    never = Guards(deletions=0, zones=0)
    tlsa = [want(Kind.TLSA, f"_25._tcp.mx1.{ZONE}", *(f"3 1 1 {n * 64}" for n in keys))
            for keys in ("abc", "bc", "d")]  # fmt: skip
    there = plan(zone(), phase=CUTOVER, wanted=tlsa[:1]).result(zone())
    assert never.check([plan(there, phase=CUTOVER, wanted=tlsa[1:2])]) == []
    assert never.check([plan(there, phase=CUTOVER, wanted=tlsa[2:])])
