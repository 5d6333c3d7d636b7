"""From which of a host's addresses it sends, and whether it knows of a move."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from release_modules import loaded

A, B = "198.18.0.21", "198.18.0.31"


@pytest.fixture
def module() -> ModuleType:
    return loaded("host_preflight")


@pytest.mark.parametrize(
    ("own", "senders", "found"),
    [
        ([A], [A], {"4": A}),
        ([A, B], [A], {"4": A}),
        ([A, B], [B], {"4": B}),
        ([A, "2001:2::1", "2001:2::2"], [A, "2001:2::1"], {"4": A, "6": "2001:2::1"}),
        # Behind NAT.
        (["10.0.0.1", B], [A], {}),
    ],
)
def test_a_host_sends_from_the_address_that_is_stated_though_it_has_another(
    module: ModuleType, own: list[str], senders: list[str], found: dict[str, str]
) -> None:
    assert module.sources({ip_address(each) for each in own}, senders) == found


def test_a_move_that_was_left_half_way_is_one_of_the_hosts_problems(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = "here@beta.test"
    monkeypatch.setattr(module, "STATE", tmp_path)
    params = {"served": [], "served_elsewhere": [address], "moving": []}
    before = module.Preflight(SimpleNamespace(params=params))
    before.moves()
    assert (before.host["moving"], before.problems) == (False, [])

    (tmp_path / "moving").mkdir()
    (tmp_path / "moving/accounts").write_text(f"{address}\there\n", encoding="utf-8")
    half = module.Preflight(SimpleNamespace(params=params))
    half.moves()
    assert half.host["moving"]
    (problem,) = half.problems
    assert problem["what"].startswith(f"{address}: mail is still here")
    assert "playbooks/migrate.yml" in problem["mend"]
