"""A plan says where a host would be called otherwise at once."""

from __future__ import annotations

import pytest
from dns_samples import NOW, Memory, want, zone

from postwright.dns import Order
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase
from postwright.dns.desired import Desired, Request
from postwright.dns.stages import make_stages

OLD, NEW = "mx1.alpha.test", "post.alpha.test"
ADDRESS, OTHER = "198.18.0.21", "198.18.0.22"


def wanted(addresses: dict[str, str], domain: str | None = None) -> Desired:
    """Return that these names lead to these addresses."""
    wants = tuple(want(Kind.A, name, address) for name, address in addresses.items())
    return Desired((Request("alpha.test", "memory", (), domain, wants),), ())


def notes(before: dict[str, str], after: Desired) -> list[str]:
    """Return what is said of a change of what there is."""
    driver = Memory(zone())
    order = Order("postwright", Phase.ANNOUNCE, now=NOW)
    for stage in make_stages({"memory": driver}, wanted(before), order).stages:
        for plan in stage.changing:
            apply(driver, plan)
    return list(make_stages({"memory": driver}, after, order).notes)


def test_a_new_name_in_place_of_the_old_one_is_told() -> None:
    (told,) = notes({OLD: ADDRESS}, wanted({NEW: ADDRESS}))
    assert f"state mail_hostname: {OLD} and mail_other_names: [{NEW}] first" in told


@pytest.mark.parametrize(
    "after",
    [
        wanted({OLD: ADDRESS, NEW: ADDRESS}),
        wanted({NEW: OTHER}),
        # The name of a domain's documents.
        wanted({NEW: ADDRESS}, "alpha.test"),
    ],
)
def test_what_is_no_other_name_at_once_is_not(after: Desired) -> None:
    assert notes({OLD: ADDRESS}, after) == []


def test_a_former_name_may_go() -> None:
    assert notes({OLD: ADDRESS, NEW: ADDRESS}, wanted({NEW: ADDRESS})) == []
