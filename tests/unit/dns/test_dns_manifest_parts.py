"""A manifest of many entries: parts that servers can hold, without a gap."""

from __future__ import annotations

from collections.abc import Iterable

from dns_samples import NOW, ZONE, txt, want, zone
from hypothesis import given, settings
from hypothesis import strategies as st

from postwright.dns import manifest
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.manifest_parts import MOST_CHARACTERS, MOST_VALUES
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import Snapshot


def addresses(numbers: Iterable[int]) -> list[Want]:
    return [want(Kind.MX, f"d{number}.{ZONE}", "0 .") for number in numbers]


def after(before: Snapshot, wants: list[Want], owner: str = "postwright") -> Snapshot:
    plan = make_plan("lab", before, Task(wants, owner, Phase.CUTOVER, NOW))
    assert not plan.conflicts
    return plan.result(before)


def sizes(seen: Snapshot) -> list[int]:
    return [len(seen.values(slot)) for _, slot in manifest.parts(seen)]


def listed(seen: Snapshot, owner: str = "postwright") -> set[str]:
    return {claim.name for claim in manifest.read(seen, owner).mine}


def test_a_full_part_is_followed_by_another() -> None:
    seen = after(zone(), addresses(range(150)))
    assert sizes(seen) == [MOST_VALUES, MOST_VALUES, 150 - 2 * MOST_VALUES]
    assert len(listed(seen)) == 150
    assert [slot.name for _, slot in manifest.parts(seen)] == [
        f"_postwright.{ZONE}", f"_postwright-2.{ZONE}", f"_postwright-3.{ZONE}",
    ]  # fmt: skip


def test_long_entries_fill_a_part_sooner() -> None:
    name = ".".join(["x" * 60] * 3)
    seen = after(zone(), [want(Kind.MX, f"{n}.{name}.{ZONE}", "0 .") for n in range(100)])
    for _, slot in manifest.parts(seen):
        assert sum(map(len, seen.values(slot))) <= MOST_CHARACTERS
    assert len(listed(seen)) == 100


def test_an_emptied_part_is_filled_from_the_last_one() -> None:
    full = after(zone(), addresses(range(150)))
    gone = {f"d{n}.{ZONE}" for n in range(150)} & {
        claim.name
        for claim, found in manifest.read(full, "postwright").raw.items()
        if found[0][0] == manifest.slot(ZONE)
    }
    left = after(full, [each for each in addresses(range(150)) if each.claim.name not in gone])
    assert sizes(left) == [30, MOST_VALUES]
    assert len(listed(left)) == 90


def test_asking_part_after_part_finds_what_reading_the_zone_finds() -> None:
    seen = after(zone(), addresses(range(150)))
    assert manifest.ask(ZONE, "postwright", seen.values) == manifest.read(seen, "postwright")


def test_a_wildcard_is_no_part() -> None:
    asked = []

    def wildcard(slot: tuple[str, str]) -> tuple[str, ...]:
        asked.append(slot)
        return (txt("v=spf1 -all"),)

    assert manifest.ask(ZONE, "postwright", wildcard).mine == {}
    assert len(asked) == 1


def test_two_owners_share_the_parts() -> None:
    seen = after(zone(), addresses(range(50)))
    both = after(seen, addresses(range(100, 150)), owner="other")
    assert sizes(both) == [MOST_VALUES, 40]
    assert (len(listed(both)), len(listed(both, "other"))) == (50, 50)
    left = after(both, [])
    assert (len(listed(left)), len(listed(left, "other"))) == (0, 50)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sets(st.integers(0, 199)), min_size=1, max_size=4))
def test_whatever_comes_and_goes_parts_have_no_gap(steps: list[set[int]]) -> None:
    seen = zone()
    for numbers in steps:
        seen = after(seen, addresses(numbers))
        assert listed(seen) == {f"d{number}.{ZONE}" for number in numbers}
        assert [part for part, _ in manifest.parts(seen)] == list(range(1, len(sizes(seen)) + 1))
        assert all(0 < size <= MOST_VALUES for size in sizes(seen))
        assert (
            make_plan(
                "lab", seen, Task(addresses(numbers), "postwright", Phase.CUTOVER, NOW)
            ).changes
            == ()
        )
