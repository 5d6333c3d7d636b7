"""What ns1 serves: zones that parse, with delegations, and daemons told to serve them."""

from ipaddress import ip_address
from pathlib import Path

import dns.name
import dns.rdatatype
import dns.reversename
import dns.zone
import pytest

from postwright.lab import ns1, zones
from postwright.lab.plan import BLOCKLISTS, ZONES, Lab

LAB = Lab(Path("/a"), 300)
LONG = "v=DKIM1; k=rsa; p=" + "A" * 392
TEXTS = zones.zones(LAB, {"r": LONG})
PARSED = {
    name: dns.zone.from_text(text, origin=name, relativize=False) for name, text in TEXTS.items()
}


def _texts(zone: str, name: str, kind: str) -> list[str]:
    found = PARSED[zone].get_rdataset(dns.name.from_text(name), kind)
    return sorted(rdata.to_text() for rdata in found) if found else []


def test_every_zone_of_the_lab_is_there() -> None:
    reverse = {zones.reverse_ipv4(LAB), zones.reverse_ipv6(LAB)}
    assert set(TEXTS) == {".", *ZONES, *reverse}


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"."}))
def test_every_zone_is_delegated_by_its_parent(name: str) -> None:
    assert _texts(zones.parent(name), name, "NS") == ["ns1.test."]


@pytest.mark.parametrize("name", ["alpha.test", "beta.test", "gamma.test"])
def test_the_mail_domains_start_empty(name: str) -> None:
    origin = dns.name.from_text(name)
    assert set(PARSED[name].keys()) == {origin}
    kinds = {rdataset.rdtype for rdataset in PARSED[name].find_node(origin)}
    assert kinds == {dns.rdatatype.SOA, dns.rdatatype.NS}


def test_the_reverse_zones_hold_the_addresses_of_their_hosts() -> None:
    peer = LAB.hosts["peer"]
    for zone, address in (
        (zones.reverse_ipv4(LAB), peer.ipv4.ip),
        (zones.reverse_ipv6(LAB), peer.ipv6.ip),
    ):
        pointer = dns.reversename.from_address(str(address))
        assert pointer.is_subdomain(dns.name.from_text(zone))
        assert _texts(zone, pointer.to_text(), "PTR") == ["peer.peer.test."]


def test_mail_hosts_have_no_pointer_before_postwright_publishes_it() -> None:
    assert "mx1" not in TEXTS[zones.reverse_ipv4(LAB)]


def test_a_long_txt_value_survives_its_division() -> None:
    found = PARSED["peer.test"].get_rdataset(dns.name.from_text("r._domainkey.peer.test"), "TXT")
    assert found is not None
    strings = found[0].strings
    assert max(map(len, strings)) <= 255
    assert b"".join(strings).decode() == LONG


def test_knot_asks_for_a_key_for_transfers_and_updates() -> None:
    text = ns1.knot_conf(LAB.hosts["ns1"], "c2VjcmV0", TEXTS)
    assert "acl: controller" in text
    assert "    key: postwright-lab\n    action: [ transfer, update ]" in text
    assert text.count("  - domain: ") == len(TEXTS)


def test_the_resolver_asks_the_authority_about_test() -> None:
    text = ns1.unbound_conf(LAB)
    assert 'local-zone: "test." nodefault' in text
    assert f"interface: {LAB.resolver_ipv4}" in text


def test_guests_see_nothing_of_the_real_dns_but_the_mirror() -> None:
    text = ns1.mirror_conf({"deb.debian.org": (ip_address("151.101.2.132"),)})
    assert 'local-zone: "deb.debian.org." static' in text
    assert 'local-data: "deb.debian.org. 60 A 151.101.2.132"' in text


def test_the_blocklists_list_what_every_list_does_and_nobody_else() -> None:
    origins = {name: dns.name.from_text(name) for name in BLOCKLISTS}
    listed = {name: set(PARSED[name].keys()) - {origin} for name, origin in origins.items()}
    # ::ffff:127.0.0.2, which dnspython's own function takes for an IPv4 address.
    six = dns.name.from_text("2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20 + ".bl.test")
    assert listed["bl.test"] == {dns.name.from_text("2.0.0.127.bl.test"), six}
    assert listed["dbl.test"] == {dns.name.from_text("test.dbl.test")}
