"""ns1: Knot as the authority for every zone of the lab, Unbound as its resolver."""

from collections.abc import Iterable, Mapping

from postwright.lab import zones
from postwright.lab.keys import TSIG_ALGORITHM, TSIG_NAME, Keys, dkim_records
from postwright.lab.machine import put
from postwright.lab.network import Mirror
from postwright.lab.plan import Host, Lab
from postwright.lab.shell import CONTAINED, run

_STORAGE = "/var/lib/knot"
MIRROR_FILE = "/etc/unbound/unbound.conf.d/mirror.conf"


def zone_file(name: str) -> str:
    """The file name of a zone."""
    return "root.zone" if name == "." else f"{name}.zone"


def knot_conf(host: Host, secret: str, names: Iterable[str]) -> str:
    """knot.conf(5): every zone signed, with keys that stay; updates and transfers by TSIG only."""
    listed = "".join(
        f'  - domain: "{name}"\n    file: "{zone_file(name)}"\n' for name in sorted(names)
    )
    return f"""# Written by the lab.
server:
    rundir: "/run/knot"
    user: knot:knot
    listen: [ {host.ipv4.ip}@53, {host.ipv6.ip}@53 ]
log:
  - target: syslog
    any: info
database:
    storage: "{_STORAGE}"
key:
  - id: {TSIG_NAME}
    algorithm: {TSIG_ALGORITHM}
    secret: "{secret}"
acl:
  - id: controller
    key: {TSIG_NAME}
    action: [ transfer, update ]
policy:
  # One key per zone, made when the host is made: its DS stands in the parent.
  - id: lab
    manual: on
    single-type-signing: on
    algorithm: ecdsap256sha256
    rrsig-lifetime: 60d
    rrsig-refresh: 30d
template:
  - id: default
    storage: "{_STORAGE}"
    acl: controller
    dnssec-signing: on
    dnssec-policy: lab
    serial-policy: increment
    # An update is in the file or in the journal before it is answered.
    journal-content: changes
    zonefile-load: whole
    zonefile-sync: 0
zone:
{listed}"""


def unbound_conf(lab: Lab) -> str:
    """unbound.conf(5): a production resolver but for root hints, root key and `test`."""
    return f"""# Written by the lab.
server:
    interface: {lab.resolver_ipv4}
    interface: {lab.resolver_ipv6}
    access-control: {lab.network_ipv4} allow
    access-control: {lab.network_ipv6} allow
    root-hints: /etc/unbound/lab.hints
    trust-anchor-file: /etc/unbound/lab.key
    # RFC 6761 has resolvers answer for test. themselves.
    local-zone: "test." nodefault
    unblock-lan-zones: yes
    insecure-lan-zones: no
    # A test that asks too early shall not be answered from the cache afterwards.
    cache-max-negative-ttl: 1
    aggressive-nsec: no
    infra-host-ttl: 5
"""


def mirror_conf(mirror: Mirror) -> str:
    """The one part of the real DNS that guests see: where the Debian mirror is."""
    lines = ["# Written by the lab.", "server:"]
    for name, addresses in mirror.items():
        lines.append(f'    local-zone: "{name}." static')
        for address in addresses:
            kind = "A" if address.version == 4 else "AAAA"
            lines.append(f'    local-data: "{name}. 60 {kind} {address}"')
    return "\n".join([*lines, ""])


def prepare(lab: Lab, host: Host, keys: Keys, mirror: Mirror) -> None:
    """Turn a disk with the packages into ns1: zones, one key per zone, the chain of trust."""
    texts = zones.zones(lab, dkim_records(keys))
    put(host, "/etc/knot/knot.conf", knot_conf(host, keys.tsig(), texts), 0o640)
    run(["chroot", host.disk, "chown", "root:knot", "/etc/knot/knot.conf"])
    anchor = _sign(host, texts)
    put(
        host,
        "/etc/unbound/unbound.conf",
        'include-toplevel: "/etc/unbound/unbound.conf.d/*.conf"\n',
    )
    # Debian's own anchor is the key of the real root.
    (host.disk / "etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf").unlink()
    put(host, "/etc/default/unbound", "ROOT_TRUST_ANCHOR_UPDATE=false\n")
    put(host, "/etc/unbound/unbound.conf.d/lab.conf", unbound_conf(lab))
    put(host, MIRROR_FILE, mirror_conf(mirror))
    put(host, "/etc/unbound/lab.key", anchor)
    hints = [". 3600 NS ns1.test."]
    hints += [f"ns1.test. 3600 A {host.ipv4.ip}", f"ns1.test. 3600 AAAA {host.ipv6.ip}", ""]
    put(host, "/etc/unbound/lab.hints", "\n".join(hints))


def _sign(host: Host, texts: Mapping[str, str]) -> str:
    """Make each zone's key, write the zones with their DS records, return the root's DNSKEY."""

    def keymgr(zone: str, *words: str) -> str:
        return run([*CONTAINED, "chroot", host.disk, "keymgr", zone, *words]).stdout

    delegations: dict[str, list[str]] = {name: [] for name in texts}
    for name in texts:
        keymgr(name, "generate", "ksk=yes", "zsk=yes", "algorithm=ecdsap256sha256")
        if name != ".":
            # Digest type 2, SHA-256 (RFC 8624 section 3.3).
            lines = [line for line in keymgr(name, "ds").splitlines() if line.split()[4] == "2"]
            delegations[zones.parent(name)] += lines
    for name, text in texts.items():
        signed = text + "".join(f"{line}\n" for line in delegations[name])
        put(host, f"{_STORAGE}/{zone_file(name)}", signed)
    run(["chroot", host.disk, "chown", "-R", "knot:knot", _STORAGE])
    return keymgr(".", "dnskey")
