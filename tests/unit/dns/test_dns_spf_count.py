"""Counting look-ups through real includes, offline."""

from __future__ import annotations

import pytest

from postwright.dns.look import Look, LookupFailedError
from postwright.dns.spf_count import count
from postwright.dns.txt import encode

World = dict[tuple[str, str], tuple[str, ...]]


def spf(**records: str) -> World:
    """Return a world in which `a` is a.test with this SPF record."""
    return {(f"{name}.test", "TXT"): (encode(text.encode()),) for name, text in records.items()}


def seen_in(world: World, *failing: str) -> Look:
    def look(name: str, kind: str) -> tuple[str, ...]:
        if name in failing:
            raise LookupFailedError(f"{name} {kind}: timeout")
        return world.get((name, kind), ())

    return look


def test_includes_are_counted_all_the_way_down() -> None:
    world = spf(a="v=spf1 include:b.test a:h.test -all", b="v=spf1 ip4:1.2.3.4 exists:%{i}.x ~all")
    world["h.test", "A"] = ("1.2.3.4",)
    made = count("v=spf1 include:a.test ip4:1.2.3.4 ~all", "me.test", seen_in(world))
    assert (made.lookups, made.void, made.problems()) == (4, 0, [])


def test_the_eleventh_look_up_is_one_too_many() -> None:
    world = spf(**{f"s{n}": "v=spf1 ip4:1.2.3.4 -all" for n in range(9)})
    inner = " ".join(f"include:s{n}.test" for n in range(9))
    world |= spf(all=f"v=spf1 {inner} -all")
    assert count("v=spf1 include:all.test -all", "me.test", seen_in(world)).problems() == []
    made = count("v=spf1 include:all.test include:s0.test -all", "me.test", seen_in(world))
    assert made.problems() == ["it needs 11 look-ups, of which 10 are made"]


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 redirect=a.test", 1),
        ("v=spf1 -all redirect=a.test", 0),
        ("v=spf1 ip4:1.2.3.4 ip6:2001:2::1 all", 0),
        ("v=spf1 a mx ptr include:a.test", 4),
        ("V=SPF1 +A:me.test/24//64 ?MX:me.test -all", 2),
    ],
)
def test_what_costs_a_look_up(record: str, lookups: int) -> None:
    world = spf(a="v=spf1 -all")
    world |= {("me.test", "A"): ("1.2.3.4",), ("me.test", "MX"): ("10 me.test.",)}
    made = count(record, "me.test", seen_in(world))
    assert (made.lookups, made.problems()) == (lookups, [])


def test_three_look_ups_that_find_nothing_are_too_many() -> None:
    look = seen_in({("x.test", "AAAA"): ("2001:2::1",)})
    assert count("v=spf1 a:x.test a:y.test mx:y.test -all", "me.test", look).problems() == []
    made = count("v=spf1 a:y.test mx:y.test exists:z.test -all", "me.test", look)
    assert made.problems() == ["3 of its look-ups find nothing; 2 may"]


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (spf(a="v=spf1 include:b.test -all", b="v=spf1 include:a.test -all"), "in circles"),
        (spf(a="v=spf1 include:me.test -all"), "me.test -> a.test -> me.test"),
        ({}, "a.test has no SPF records"),
        ({("a.test", "TXT"): ('"v=spf1 -all"', '"v=spf1 ~all"')}, "a.test has 2 SPF records"),
        (spf(a="v=spf1 mx:b.test -all")
         | {("b.test", "MX"): tuple(f"{n} h{n}.test." for n in range(11))}, "more than 10 hosts"),
    ],
)  # fmt: skip
def test_what_else_ends_in_a_permanent_error(world: World, said: str) -> None:
    made = count("v=spf1 include:a.test -all", "me.test", seen_in(world))
    assert [said in problem for problem in made.problems()] == [True]


def test_what_cannot_be_looked_up_is_no_error() -> None:
    made = count("v=spf1 include:a.test include:b.test -all", "me.test",
                 seen_in(spf(b="v=spf1 -all"), "a.test"))  # fmt: skip
    assert made.problems() == []
    assert made.unsure == ["a.test TXT: timeout"]


def test_an_endless_tree_ends() -> None:
    def look(name: str, kind: str) -> tuple[str, ...]:
        return (encode(f"v=spf1 include:a{name} include:b{name} -all".encode()),)

    assert count("v=spf1 include:a.test -all", "me.test", look).lookups == 40
