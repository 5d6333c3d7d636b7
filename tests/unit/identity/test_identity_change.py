"""A host is called otherwise, or sends from another address, when everybody can know it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postwright.identity.change import NOW, WAIT, Known, Said, next_known, troubles

T = 1_800_000_000.0
OLD, NEW = "mx1.alpha.test", "post.alpha.test"
A, B, SIX = "198.18.0.21", "198.18.0.31", "2001:2::21"
OWN = (A, B, SIX)
ALONE = Said([OLD], [A, SIX], [A, SIX])
KNOWN = Known(OLD, None, (A, SIX), {OLD: T - 9e9}, {A: T - 9e9, SIX: T - 9e9})
BESIDE = replace(KNOWN, names={**KNOWN.names, NEW: T}, addresses={**KNOWN.addresses, B: T})
RENAMED = Said([NEW, OLD], [A, SIX], [A, SIX])
MOVED = Said([OLD], [B, SIX], [A, B, SIX])


def said_of(said: Said, known: Known, now: float = T, own: tuple[str, ...] = OWN) -> list[str]:
    return [f"{what} mend: {mend}" for what, mend in troubles(said, known, own, now)]


def test_nothing_is_wrong_with_what_is_as_it_was() -> None:
    assert said_of(ALONE, KNOWN) == []
    assert said_of(ALONE, Known(OLD)) == []


def test_coming_names_and_addresses_may_stand_beside_the_present_ones_at_once() -> None:
    assert said_of(Said([OLD, NEW], [A, SIX], [A, B, SIX]), KNOWN) == []


@pytest.mark.parametrize("names", [[NEW], [NEW, OLD]])
def test_a_name_that_nobody_knows_takes_no_other_ones_place(names: list[str]) -> None:
    (told,) = said_of(replace(RENAMED, names=names), KNOWN)
    assert f"mend: leave mail_hostname: {OLD}, state mail_other_names: [{NEW}]" in told


def test_nor_does_an_address() -> None:
    (told,) = said_of(MOVED, KNOWN)
    assert f"mend: leave mail_ipv4: {A}, state mail_other_addresses: [{B}]" in told
    (told,) = said_of(Said([OLD], [A, "2001:2::31"], [A, SIX]), KNOWN)
    assert f"mend: leave mail_ipv6: {SIX}" in told


@pytest.mark.parametrize("said", [RENAMED, MOVED])
def test_what_is_known_takes_over_once_all_can_know_it(said: Said) -> None:
    (told,) = said_of(said, BESIDE, T + WAIT - 1)
    assert "2027-01-15 11:05:00 UTC" in told
    assert "run site.yml again then" in told
    assert said_of(said, BESIDE, T + WAIT) == []


def test_the_former_name_is_not_dropped_with_the_same_edit() -> None:
    (told,) = said_of(replace(RENAMED, names=[NEW]), BESIDE, T + WAIT)
    assert f"mend: state mail_other_names: [{OLD}]" in told


def test_a_former_name_stays_for_as_long_as_it_is_remembered() -> None:
    known = replace(BESIDE, hostname=NEW, renamed=T)
    alone = replace(RENAMED, names=[NEW])
    (told,) = said_of(alone, known, T + WAIT - 1)
    assert f"mend: leave {OLD} in mail_other_names until then" in told
    assert said_of(alone, known, T + WAIT) == []


def test_a_coming_name_may_be_dropped_at_any_time() -> None:
    assert said_of(ALONE, BESIDE) == []


def test_an_address_that_is_gone_is_waited_for_by_nobody() -> None:
    assert said_of(Said([OLD], [B], [B]), KNOWN, own=(B,)) == []


def test_what_is_new_is_known_from_the_time_of_writing_on() -> None:
    first = next_known(ALONE, None)
    assert first == {
        "hostname": OLD,
        "renamed": None,
        "senders": [A, SIX],
        "names": {OLD: NOW},
        "addresses": {A: NOW, SIX: NOW},
    }
    later = next_known(Said([OLD, NEW], [A, SIX], [A, B, SIX]), KNOWN)
    assert later["names"] == {OLD: T - 9e9, NEW: NOW}
    assert later["addresses"] == {A: T - 9e9, B: NOW, SIX: T - 9e9}
    assert later["renamed"] is None


def test_a_second_run_writes_the_same() -> None:
    known = replace(BESIDE, hostname=NEW, renamed=T)
    again = next_known(replace(RENAMED, addresses=[A, B, SIX]), known)
    assert again == {**vars(known), "senders": [A, SIX]}
    assert next_known(RENAMED, BESIDE)["renamed"] == NOW
