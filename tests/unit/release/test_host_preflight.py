"""From which of a host's addresses it sends."""

from __future__ import annotations

from ipaddress import ip_address
from types import ModuleType

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
