"""Names and addresses of a lab: valid, and never shared by two labs."""

from pathlib import Path

import pytest

from postwright.lab.plan import LABS, NAMES, RANGE_IPV4, RANGE_IPV6, Lab

FIRST, LAST = Lab(Path("/a"), 0), Lab(Path("/b"), LABS - 1)


def test_all_six_hosts_of_the_contract_exist() -> None:
    assert set(NAMES) == {"ns1", "acme", "mx1", "mx2", "peer", "client"}
    assert FIRST.hosts["mx1"].spec.release == "trixie"
    assert FIRST.hosts["mx2"].spec.release == "bookworm"


@pytest.mark.parametrize("lab", [FIRST, LAST])
def test_interface_names_fit_the_kernels_limit(lab: Lab) -> None:
    for host in lab.hosts.values():
        assert len(host.unit) <= 15  # IFNAMSIZ less the closing NUL


@pytest.mark.parametrize("lab", [FIRST, LAST])
def test_addresses_lie_in_the_ranges_for_tests(lab: Lab) -> None:
    assert lab.network_ipv4.subnet_of(RANGE_IPV4)
    assert lab.network_ipv6.subnet_of(RANGE_IPV6)
    for host in lab.hosts.values():
        assert host.ipv4.ip in lab.network_ipv4
        assert host.ipv6.ip in lab.network_ipv6


def test_no_address_is_given_twice_in_a_lab() -> None:
    given = [a for host in FIRST.hosts.values() for a in (host.ipv4, host.ipv6, *host.extra)]
    given += [FIRST.gateway_ipv4, FIRST.gateway_ipv6]
    assert len(given) == len(set(given))
    assert FIRST.resolver_ipv4 in [address.ip for address in FIRST.hosts["ns1"].extra]


def test_two_labs_share_nothing() -> None:
    labs = [Lab(Path(f"/{number}"), number) for number in range(LABS)]
    assert len({lab.name for lab in labs}) == LABS
    assert len({lab.network_ipv4 for lab in labs}) == LABS
    assert len({lab.network_ipv6 for lab in labs}) == LABS


@pytest.mark.parametrize("number", [-1, LABS])
def test_a_number_outside_the_ranges_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 511"):
        Lab(Path("/a"), number)
