"""A host's address has one of its names, and its own name leads back to the address."""

from __future__ import annotations

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest

from postwright.dns.world import reverse

ADDRESS = ip_address("198.18.0.21")
NAMES = ("post.test", "mx1.test")


def world(pointer: str, forward: str) -> Any:
    """Return a world of one address and its name."""
    answers = {"PTR": (f"{pointer}.",), "A": (forward,), "NS": ()}
    return SimpleNamespace(
        lookup=lambda name, kind: SimpleNamespace(values=answers.__getitem__, code="NXDOMAIN")
    )


@pytest.mark.parametrize("pointer", NAMES)
def test_the_name_that_a_resolver_remembers_is_no_fault(pointer: str) -> None:
    assert list(reverse.judge(world(pointer, str(ADDRESS)), NAMES, ADDRESS)) == []


def test_the_hosts_own_name_has_to_lead_to_the_address() -> None:
    (found,) = reverse.judge(world("mx1.test", "198.18.0.99"), NAMES, ADDRESS)
    assert (found.id, found.subject) == ("forward.differs", f"{ADDRESS} (post.test)")
