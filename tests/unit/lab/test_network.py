"""The packet filter's text."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from postwright.lab import network
from postwright.lab.errors import LabError
from postwright.lab.plan import Lab, mac

LAB = Lab(Path("/a"), 5)


def test_only_the_mirrors_web_ports_are_let_out() -> None:
    text = network.ruleset(LAB, [ip_address("151.101.2.132")])
    accepted = [
        line.strip() for line in text.splitlines() if "accept" in line and "policy" not in line
    ]
    assert accepted == [
        "iifname pw005 oifname pw005 accept",
        "oifname pw005 ct state established,related accept",
        "iifname pw005 ip daddr { 151.101.2.132 } tcp dport { 80, 443 } accept",
    ]


def test_the_rest_is_refused_and_not_dropped() -> None:
    text = network.ruleset(LAB, [])
    assert "iifname pw005 meta l4proto tcp reject with tcp reset" in text
    assert "iifname pw005 reject with icmpx admin-prohibited" in text
    assert "drop" not in text
    assert "daddr" not in text


def test_an_ipv6_mirror_is_let_through_by_its_own_rule() -> None:
    text = network.ruleset(LAB, [ip_address("2a04:4e42::644")])
    assert "iifname pw005 ip6 daddr { 2a04:4e42::644 } tcp dport { 80, 443 } accept" in text


def test_a_filter_replaces_the_one_before() -> None:
    lines = network.ruleset(LAB, []).splitlines()
    # `delete` needs the table to exist, and the first line makes sure of that.
    assert lines[:2] == ["table inet pw005", "delete table inet pw005"]


def test_ipv6_addresses_of_the_mirror_count_only_without_ipv4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [(10, 1, 6, "", ("2a04::1", 80, 0, 0)), (2, 1, 6, "", ("151.101.2.132", 80))]
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: both)
    assert set(network.find_mirror().values()) == {(ip_address("151.101.2.132"),)}
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: both[:1])
    assert set(network.find_mirror().values()) == {(ip_address("2a04::1"),)}


def test_a_machine_without_the_mirror_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(network.socket, "getaddrinfo", refuse)
    with pytest.raises(LabError, match="needs the Debian mirror"):
        network.find_mirror()


def test_a_hosts_ethernet_address_is_local_and_follows_from_its_address() -> None:
    assert mac(LAB.hosts["mx1"].ipv4) == "02:00:c6:12:05:15"
