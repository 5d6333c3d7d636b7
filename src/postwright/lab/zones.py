"""The zones that ns1 starts with: the private root, `test`, the mail domains, the reverse zones.

The mail domains under test hold no more than SOA and NS: everything else in them
is published by Postwright. peer.test is another organisation's and complete. The blocklists list
nobody but their test entries; scenarios add to them.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from postwright.lab.plan import BLOCKLISTS, RELAY, ZONES, Lab

# Short, so that a test that publishes a record sees it soon. The last is the
# negative TTL (RFC 2308).
TTL = 60
# What every list of addresses and every list of domains has (RFC 5782 5).
_LISTED = (
    ("2.0.0.127", ip_address("::ffff:127.0.0.2").reverse_pointer.removesuffix(".ip6.arpa")),
    ("test",),
)
_SOA = "ns1.test. hostmaster.test. 1 600 60 86400 1"


def reverse_ipv4(lab: Lab) -> str:
    """The name of the lab's IPv4 reverse zone, without the last dot."""
    return lab.network_ipv4.network_address.reverse_pointer.partition(".")[2]


def reverse_ipv6(lab: Lab) -> str:
    """The name of the lab's IPv6 reverse zone, without the last dot."""
    return lab.network_ipv6.network_address.reverse_pointer[32:]


def zones(lab: Lab, peer_dkim: Mapping[str, str]) -> dict[str, str]:
    """Every zone's text by its name; the root is `.`; other names have no last dot."""
    children = [*ZONES[1:]]
    reverse = [reverse_ipv4(lab), reverse_ipv6(lab)]
    texts = {name: _zone(name, []) for name in (*children, *reverse)}
    ns1 = _addresses(lab, "ns1")
    texts["."] = _zone(".", [_cut(name) for name in ("test", *reverse)] + ns1)
    named = [line for name in ("ns1", "acme", "client") for line in _addresses(lab, name)]
    texts["test"] = _zone("test", [*map(_cut, children), *named])
    texts["peer.test"] = _zone("peer.test", _peer(lab, peer_dkim))
    for zone, listed in zip(BLOCKLISTS, _LISTED, strict=True):
        texts[zone] = _zone(zone, [f"{name}.{zone}. A 127.0.0.2" for name in listed])
    unpublished = ("ns1", "acme", "client", "peer")
    for zone, version in zip(reverse, (4, 6), strict=True):
        texts[zone] = _zone(zone, _pointers(lab, unpublished, version))
    return texts


def parent(name: str) -> str:
    """The zone that holds a zone's delegation."""
    return "test" if name.endswith(".test") else "."


def _zone(name: str, lines: Iterable[str]) -> str:
    origin = "." if name == "." else f"{name}."
    head = f"$TTL {TTL}\n{origin} SOA {_SOA}\n{origin} NS ns1.test.\n"
    return head + "".join(f"{line}\n" for line in lines)


def _cut(name: str) -> str:
    return f"{name}. NS ns1.test."


def _addresses(lab: Lab, name: str) -> list[str]:
    host = lab.hosts[name]
    return [f"{host.spec.fqdn}. A {host.ipv4.ip}", f"{host.spec.fqdn}. AAAA {host.ipv6.ip}"]


def _pointers(lab: Lab, names: Iterable[str], version: int) -> list[str]:
    lines = []
    for name in names:
        host = lab.hosts[name]
        address: IPv4Address | IPv6Address = host.ipv4.ip if version == 4 else host.ipv6.ip
        lines.append(f"{address.reverse_pointer}. PTR {host.spec.fqdn}.")
    return lines


def _peer(lab: Lab, dkim: Mapping[str, str]) -> list[str]:
    host = lab.hosts["peer"]
    keys = [
        f"{selector}._domainkey.peer.test. TXT {_txt(value)}" for selector, value in dkim.items()
    ]
    return [
        *_addresses(lab, "peer"),
        f"peer.test. MX 10 {host.spec.fqdn}.",
        f"peer.test. TXT {_txt('v=spf1 mx -all')}",
        f"_dmarc.peer.test. TXT {_txt('v=DMARC1; p=reject')}",
        f"{host.spec.fqdn}. TXT {_txt('v=spf1 a -all')}",
        f"{RELAY}. A {host.ipv4.ip}",
        f"{RELAY}. AAAA {host.ipv6.ip}",
        # What its customers include, and no more.
        f"_spf.{RELAY}. TXT {_txt(f'v=spf1 a:{host.spec.fqdn} -all')}",
        *keys,
    ]


def _txt(value: str) -> str:
    # RFC 1035 section 3.3: one character string holds 255 octets at most.
    return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
