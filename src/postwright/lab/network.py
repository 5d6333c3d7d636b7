"""The private network: bridge, one network namespace per host, and the packet filter.

Each host gets a network namespace that is complete (addresses, routes) before it
boots, so no guest has to be configured from outside afterwards, nor after a reboot.
"""

import json
import os
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from postwright.lab.errors import LabError
from postwright.lab.plan import MIRROR_NAMES, RANGE_IPV4, RANGE_IPV6, Host, Lab, mac
from postwright.lab.shell import run

Mirror = dict[str, tuple[IPv4Address | IPv6Address, ...]]


def find_mirror() -> Mirror:
    """The mirror's addresses as this machine knows them, of one family only.

    IPv6 counts only where there is no IPv4: a machine may have an IPv6 address that
    leads nowhere, and apt would wait for it.
    """
    found: Mirror = {}
    for name in MIRROR_NAMES:
        try:
            answers = socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
        except OSError as error:
            raise LabError(f"{name}: {error.strerror}; the lab needs the Debian mirror") from error
        addresses = sorted({ip_address(str(answer[4][0])) for answer in answers}, key=str)
        found[name] = tuple(a for a in addresses if a.version == 4) or tuple(addresses)
    return found


def ruleset(lab: Lab, mirror: Iterable[IPv4Address | IPv6Address]) -> str:
    """The packet filter, as `nft -f` takes it; loading it again replaces it.

    What is forbidden is refused, not dropped: an unanswered packet would make mail
    software wait where in production it would not.
    """
    addresses = sorted(set(mirror), key=str)
    allowed = []
    for version, family in ((4, "ip"), (6, "ip6")):
        listed = ", ".join(str(a) for a in addresses if a.version == version)
        if listed:
            allowed.append(
                f"        iifname {lab.name} {family} daddr {{ {listed} }} "
                "tcp dport { 80, 443 } accept\n"
            )
    return (
        f"table inet {lab.name}\n"
        f"delete table inet {lab.name}\n"
        f"table inet {lab.name} {{\n"
        "    chain forward {\n"
        "        type filter hook forward priority filter; policy accept;\n"
        f"        iifname {lab.name} oifname {lab.name} accept\n"
        f"        oifname {lab.name} ct state established,related accept\n"
        f"{''.join(allowed)}"
        f"        iifname {lab.name} meta l4proto tcp reject with tcp reset\n"
        f"        iifname {lab.name} reject with icmpx admin-prohibited\n"
        f"        oifname {lab.name} reject with icmpx admin-prohibited\n"
        "    }\n"
        "    chain postrouting {\n"
        "        type nat hook postrouting priority srcnat; policy accept;\n"
        f"        ip saddr {lab.network_ipv4} oifname != {lab.name} masquerade\n"
        f"        ip6 saddr {lab.network_ipv6} oifname != {lab.name} masquerade\n"
        "    }\n"
        "}\n"
    )


def raise_network(lab: Lab, mirror: Mirror) -> None:
    """Bring up bridge, filter and forwarding; what is there already is left as it is."""
    # First of all: with the lab down, nothing meant for it may leave by the uplink.
    for lab_range in (RANGE_IPV4, RANGE_IPV6):
        run(["ip", f"-{lab_range.version}", "route", "replace", "unreachable", str(lab_range)])
    run(["nft", "-f", "-"], text=ruleset(lab, (a for found in mirror.values() for a in found)))
    if not Path("/sys/class/net", lab.name).exists():
        fixed = ["address", mac(lab.gateway_ipv4)]
        run(["ip", "link", "add", lab.name, *fixed, "type", "bridge", "forward_delay", "0"])
    for address in (lab.gateway_ipv4, lab.gateway_ipv6):
        extra = ["nodad"] if address.version == 6 else []
        run(["ip", "address", "replace", str(address), "dev", lab.name, *extra])
    run(["ip", "link", "set", lab.name, "up"])
    _forward()


def _forward() -> None:
    conf = Path("/proc/sys/net/ipv6/conf")
    # A router ignores router advertisements unless told otherwise (accept_ra=2, kernel
    # ip-sysctl): without this the machine could lose its own IPv6 default route.
    for setting in conf.glob("*/accept_ra"):
        if setting.read_text().strip() == "1":
            setting.write_text("2")
    for setting in (Path("/proc/sys/net/ipv4/ip_forward"), conf / "all/forwarding"):
        if setting.read_text().strip() != "1":
            setting.write_text("1")


def plug(lab: Lab, host: Host) -> None:
    """Make the host's network namespace anew, with addresses and routes."""
    unplug(host)
    host.netns.parent.mkdir(exist_ok=True)
    host.netns.touch()
    run(["unshare", f"--net={host.netns}", "true"])
    far_end = ["peer", "name", "host0", "address", mac(host.ipv4), "netns", str(host.netns)]
    run(["ip", "link", "add", host.unit, "type", "veth", *far_end])
    addresses = "".join(
        f"address add {address} dev host0{' nodad' if address.version == 6 else ''}\n"
        for address in (host.ipv4, host.ipv6, *host.extra)
    )
    batch = (
        "link set lo up\n"
        f"{addresses}"
        "link set host0 up\n"
        f"route add default via {lab.gateway_ipv4.ip}\n"
        f"route add default via {lab.gateway_ipv6.ip}\n"
    )
    run(["nsenter", f"--net={host.netns}", "ip", "-batch", "-"], text=batch)
    run(["ip", "link", "set", host.unit, "master", lab.name, "up"])


def unplug(host: Host) -> None:
    """Remove the host's network namespace and with it its interfaces."""
    if os.path.ismount(host.netns):  # Path.is_mount knows directories only
        run(["umount", host.netns])
    host.netns.unlink(missing_ok=True)
    # The namespace may outlive its name while a process still holds it.
    if Path("/sys/class/net", host.unit).exists():
        run(["ip", "link", "delete", host.unit], check=False)


def fell_network(lab: Lab) -> None:
    """Remove everything but the unreachable routes."""
    for host in lab.hosts.values():
        unplug(host)
    if Path("/sys/class/net", lab.name).exists():
        run(["ip", "link", "delete", lab.name])
    if lab.name in tables():
        run(["nft", "delete", "table", "inet", lab.name])


def tables() -> set[str]:
    """The names of the machine's nft tables of family inet."""
    listing = json.loads(run(["nft", "-j", "list", "tables", "inet"]).stdout)
    return {entry["table"]["name"] for entry in listing["nftables"] if "table" in entry}
