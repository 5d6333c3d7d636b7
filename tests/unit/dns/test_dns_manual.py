"""Zones that people change: planned by what their servers answer, and never written to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dns_samples import NOW
from dns_world import KEY, ONE, RESOLVER, SIX, TWO, Internet, internet, inventory
from typer.testing import CliRunner

from postwright.cli import app
from postwright.dns import Guards, Known, Order, Planned, check, cli, make_plans, publish
from postwright.dns.claims import Phase
from postwright.dns.desired import desired
from postwright.dns.drivers import drivers
from postwright.dns.drivers.manual import Manual, Settings
from postwright.dns.errors import (
    ByHandError,
    ConflictError,
    NotAnsweredError,
    ProviderError,
    SeveralError,
    StalePlanError,
    by_hand,
)
from postwright.dns.known import write
from postwright.model import Inventory, ManualSpec

ZONE = "alpha.test"
MX = f"{ZONE}. 3600 IN MX 10 mx1.{ZONE}."


@pytest.fixture
def world() -> Internet:
    return internet()


def driver(world: Internet, folder: Path | None = None) -> Manual:
    return Manual(Settings("lab", (ZONE, "absent.test"), (RESOLVER,), folder), world)


def planned(world: Internet, phase: Phase = Phase.CUTOVER, folder: Path | None = None) -> Planned:
    wanted = desired(inventory(), {ZONE: [KEY]})
    order = Order("postwright", phase, now=NOW)
    return make_plans({"lab": driver(world, folder)}, wanted, order)


def everywhere(world: Internet, name: str, kind: str, *values: str) -> None:
    for address in (ONE, TWO, SIX):
        world.servers[address][ZONE].pop((name, kind), None)
        if values:
            world.servers[address][ZONE][name, kind] = [*values]


def test_only_zones_of_its_own_domains_are_its(world: Internet) -> None:
    found = driver(world)
    assert found.find_zone(f"mx1.{ZONE}") == ZONE
    assert found.find_zone("21.0.18.198.in-addr.arpa") is None
    assert found.find_zone("x.test") is None
    assert found.find_zone("absent.test") is None


def test_nothing_is_to_do_where_the_servers_answer_rightly(world: Internet) -> None:
    for phase in Phase:
        made = planned(world, phase)
        check(made, Guards())
        assert not made.changed
        publish({"lab": driver(world)}, made)


def test_what_is_missing_is_told_line_by_line_and_nothing_else(
    world: Internet, tmp_path: Path
) -> None:
    everywhere(world, ZONE, "MX", f"5 old.{ZONE}.")
    made, folder = planned(world, folder=tmp_path / "zones"), tmp_path / "zones"
    assert [note for plan in made.plans.values() for note in plan.notes] == [
        f"zone {ZONE} is changed by hand: its changes are yours to make"
    ]
    assert not folder.exists()
    with pytest.raises(ByHandError) as caught:
        publish({"lab": driver(world, folder)}, made)
    lines = [line.strip() for line in caught.value.what.splitlines()[1:]]
    assert lines == [
        f"- {ZONE}. 3600 IN MX 5 old.{ZONE}.",
        f"+ {MX}",
        f"as a zone file: {folder / ZONE}.zone",
    ]
    text = (folder / f"{ZONE}.zone").read_text()
    assert f"\n; {ZONE}. 3600 IN MX 5 old.{ZONE}.\n" in text
    assert text.endswith(f"$ORIGIN {ZONE}.\n{MX}\n")


def test_it_goes_on_once_the_servers_answer(world: Internet) -> None:
    everywhere(world, ZONE, "MX")
    made = planned(world)
    with pytest.raises(ByHandError):
        publish({"lab": driver(world)}, made)
    everywhere(world, ZONE, "MX", f"10 mx1.{ZONE}.")
    assert not planned(world).changed
    with pytest.raises(StalePlanError):
        publish({"lab": driver(world)}, made)


def test_a_value_that_is_not_ours_is_a_conflict_here_too(world: Internet) -> None:
    everywhere(world, f"_postwright.{ZONE}", "TXT")
    with pytest.raises(ConflictError, match=r"MX: it is not ours"):
        check(planned(world), Guards())


def test_what_is_delegated_away_is_a_conflict(world: Internet) -> None:
    everywhere(world, f"_domainkey.{ZONE}", "NS", "ns.elsewhere.test.")
    with pytest.raises(ConflictError, match=rf"_domainkey\.{ZONE} is delegated to other name"):
        check(planned(world, Phase.ANNOUNCE), Guards())


def test_servers_that_do_not_answer_are_named(world: Internet) -> None:
    world.silent |= {ONE, TWO, SIX}
    with pytest.raises(ProviderError, match=rf"no authoritative server of zone {ZONE} answers"):
        driver(world).read(ZONE)
    world.silent -= {TWO}
    assert driver(world).read(ZONE)
    world.silent |= {RESOLVER}
    with pytest.raises(NotAnsweredError):
        driver(world).find_zone(ZONE)


def test_a_directory_that_cannot_be_written_to_is_told(world: Internet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    everywhere(world, ZONE, "MX")
    with pytest.raises(ProviderError, match=r"dns_providers\.lab\.zone_files: .* cannot be"):
        publish({"lab": driver(world, tmp_path / "file" / "zones")}, planned(world))


def test_only_what_is_left_to_people_is_no_failure() -> None:
    todo, lost = ByHandError("a", "b"), ProviderError("c", "d")
    assert by_hand(todo)
    assert by_hand(SeveralError([todo, todo]))
    assert not by_hand(SeveralError([todo, lost]))


def of_inventory(**settings: str) -> Inventory:
    spec = ManualSpec.model_validate({"driver": "manual", **settings})
    return inventory().model_copy(update={"providers": {"lab": spec}, "resolvers": [RESOLVER]})


def test_the_driver_is_made_of_the_inventory(tmp_path: Path) -> None:
    made = drivers(of_inventory(zone_files=str(tmp_path)))["lab"]
    assert isinstance(made, Manual)
    assert made._settings == Settings("lab", (ZONE,), (RESOLVER,), tmp_path)
    assert not made.capabilities.writes


def test_apply_says_what_is_left_and_ends_as_a_plan_does(
    world: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere(world, ZONE, "MX")
    monkeypatch.setattr(cli, "load", lambda *_: of_inventory())
    monkeypatch.setattr(cli, "drivers", lambda _: {"lab": driver(world)})
    monkeypatch.setattr("postwright.dns.carry.wait", lambda *_: [])
    write(tmp_path / "facts", Known({ZONE: [replace(KEY)]}))
    options = ["-i", str(tmp_path), "--facts", str(tmp_path / "facts")]
    assert CliRunner().invoke(app, ["dns", "plan", *options]).exit_code == 2
    done = CliRunner().invoke(app, ["dns", "apply", "--yes", *options])
    assert done.exit_code == 2
    assert f"+ {MX}" in done.stderr
    everywhere(world, ZONE, "MX", f"10 mx1.{ZONE}.")
    assert CliRunner().invoke(app, ["dns", "apply", "--yes", *options]).exit_code == 0
