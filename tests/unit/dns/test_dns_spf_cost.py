"""SPF records that receivers would give up on: stopped where a plan makes them, told where not."""

from __future__ import annotations

import pytest
from dns_samples import NOW, OURS, ZONE, Memory, txt, want, zone

from postwright.dns import Guards, Order, check, make_plans
from postwright.dns.claims import Kind, Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.errors import ConflictError
from postwright.dns.look import LookupFailedError
from postwright.dns.run import Planned

NINE = "v=spf1 " + " ".join(f"a:h{number}.test" for number in range(9)) + " -all"
LISTED = "postwright1 o=postwright k=spf n=@ keep=include:many.test include:more.test"
UNION = f"{OURS.removesuffix(' ~all')} include:many.test include:more.test ~all"


def look(name: str, kind: str) -> tuple[str, ...]:
    """Answer as two senders with nine look-ups between them, and one that is down."""
    if name == "down.test":
        raise LookupFailedError(f"{name} {kind}: timeout")
    records = {"many.test": NINE, "more.test": "v=spf1 -all"}
    return (txt(records[name]),) if kind == "TXT" and name in records else ("198.18.0.9",)


def planned(*records: tuple[str, str, str], adopt: bool = False) -> Planned:
    driver = Memory(zone(*records), name="lab")
    wanted = Desired((Request(ZONE, "lab", (), ZONE, (want(Kind.SPF, ZONE, txt(OURS)),)),), ())
    names = frozenset([ZONE] if adopt else [])
    order = Order("postwright", Phase.ANNOUNCE, names, now=NOW)
    return make_plans({"lab": driver}, wanted, order, look)


def adopting(text: str) -> Planned:
    return planned(("@", "TXT", txt(text)), adopt=True)


def test_a_record_of_eleven_look_ups_is_not_made() -> None:
    made = adopting("v=spf1 include:many.test include:more.test -all")
    with pytest.raises(
        ConflictError, match=r"zone alpha\.test \(lab\): alpha\.test TXT: .*11 look"
    ):
        check(made, Guards())


def test_ten_look_ups_are_allowed() -> None:
    check(adopting("v=spf1 include:many.test -all"), Guards())


def test_a_record_that_costs_too_much_already_is_told_and_stops_nothing() -> None:
    made = planned(("@", "TXT", txt(UNION)), ("_postwright", "TXT", txt(LISTED)))
    check(made, Guards())
    (plan,) = made.plans.values()
    assert not plan.changes
    assert ["needs 11 look-ups" in note for note in plan.notes] == [True]


def test_who_does_not_answer_is_told_and_stops_nothing() -> None:
    made = adopting("v=spf1 include:down.test -all")
    check(made, Guards())
    (plan,) = made.plans.values()
    assert plan.notes == (f"not counted, in the SPF record at {ZONE}: down.test TXT: timeout",)
