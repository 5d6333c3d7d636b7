"""What the lab consists of: hosts, names and addresses, as pure data.

A lab is a number from 0 to 511. Everything that could collide between two
checkouts on one machine (bridge, veths, network namespaces, cgroups, nft table,
addresses) is derived from it; `claims` hands the numbers out.
"""

from dataclasses import dataclass
from functools import cached_property
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path

# RFC 2544 and RFC 5180: set aside for testing network devices. Unlike private and
# documentation ranges, mail software has no special rules for them.
RANGE_IPV4 = IPv4Network("198.18.0.0/15")
RANGE_IPV6 = IPv6Network("2001:2::/48")
LABS = 512
MIRROR_NAMES = ("deb.debian.org", "security.debian.org")
BLOCKLISTS = ("bl.test", "dbl.test")
"""Stand-ins for blocklists: the first lists addresses, the second domains."""
ZONES = (
    "test", "alpha.test", "beta.test", "gamma.test", "delta.test", "epsilon.test", "peer.test",
    *BLOCKLISTS,
)  # fmt: skip
RELAY = "relay.peer.test"
"""The name at which peer takes others' mail for everybody, as an internet provider does."""
ACME_PORT = 14000
ACME_MANAGEMENT_PORT = 15000


@dataclass(frozen=True)
class Spec:
    """One host as the lab's plan states it, the same in every checkout."""

    name: str
    release: str
    fqdn: str
    number: int  # the last part of its addresses
    image: str
    ports: tuple[int, ...] = (22,)  # what must answer before the host counts as up


SPECS = (
    Spec("ns1", "trixie", "ns1.test", 10, "ns1", (22, 53)),
    Spec("acme", "trixie", "acme.test", 14, "acme", (22, ACME_PORT)),
    Spec("mx1", "trixie", "mx1.alpha.test", 21, "bare"),
    Spec("mx2", "bookworm", "mx2.gamma.test", 22, "bare"),
    Spec("peer", "trixie", "peer.peer.test", 31, "peer", (22, 25, 465, 587, 993)),
    Spec("client", "trixie", "client.test", 41, "client"),
)
NAMES = tuple(spec.name for spec in SPECS)
_GATEWAY, _RESOLVER = 1, 53


def mac(address: IPv4Interface) -> str:
    """The Ethernet address that goes with an IPv4 address, locally administered.

    A host that comes back with a new Ethernet address stays unreachable for as long as
    its neighbours believe in the old one, which is some 10 s.
    """
    return "02:00:" + ":".join(f"{octet:02x}" for octet in address.ip.packed)


@dataclass(frozen=True)
class Host:
    """A host of one checkout's lab."""

    spec: Spec
    unit: str  # machine, veth and cgroup; at most 15 characters
    ipv4: IPv4Interface
    ipv6: IPv6Interface
    extra: tuple[IPv4Interface | IPv6Interface, ...]
    directory: Path
    netns: Path  # where its network namespace is mounted

    @property
    def name(self) -> str:
        """The host's name in the lab."""
        return self.spec.name

    @property
    def disk(self) -> Path:
        """Its root filesystem."""
        return self.directory / "disk"


@dataclass(frozen=True)
class Lab:
    """One checkout's lab."""

    checkout: Path
    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < LABS:
            raise ValueError(f"a lab's number is between 0 and {LABS - 1}, not {self.number}")

    @property
    def home(self) -> Path:
        """Where everything of this lab lies."""
        return self.checkout / ".lab"

    @property
    def name(self) -> str:
        """The name of the bridge and of the nft table, and the prefix of every other name."""
        return f"pw{self.number:03x}"

    @cached_property
    def network_ipv4(self) -> IPv4Network:
        """The /24 of this lab."""
        return IPv4Network((int(RANGE_IPV4.network_address) + (self.number << 8), 24))

    @cached_property
    def network_ipv6(self) -> IPv6Network:
        """The /64 of this lab."""
        return IPv6Network((int(RANGE_IPV6.network_address) + (self.number << 64), 64))

    def ipv4(self, number: int) -> IPv4Interface:
        """The IPv4 address with this last part."""
        return IPv4Interface((self.network_ipv4[number], 24))

    def ipv6(self, number: int) -> IPv6Interface:
        """The IPv6 address that is written with the same digits."""
        return IPv6Interface((self.network_ipv6[int(str(number), 16)], 64))

    @property
    def gateway_ipv4(self) -> IPv4Interface:
        """The machine's address in the lab."""
        return self.ipv4(_GATEWAY)

    @property
    def gateway_ipv6(self) -> IPv6Interface:
        """The machine's address in the lab."""
        return self.ipv6(_GATEWAY)

    @property
    def resolver_ipv4(self) -> IPv4Address:
        """The lab's validating resolver."""
        return self.ipv4(_RESOLVER).ip

    @property
    def resolver_ipv6(self) -> IPv6Address:
        """The lab's validating resolver."""
        return self.ipv6(_RESOLVER).ip

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """All hosts by name."""
        return {spec.name: self._host(spec) for spec in SPECS}

    def _host(self, spec: Spec) -> Host:
        extra = (self.ipv4(_RESOLVER), self.ipv6(_RESOLVER)) if spec.name == "ns1" else ()
        return Host(
            spec=spec,
            unit=f"{self.name}-{spec.name}",
            ipv4=self.ipv4(spec.number),
            ipv6=self.ipv6(spec.number),
            extra=extra,
            directory=self.home / "hosts" / spec.name,
            netns=self.home / "netns" / spec.name,
        )
