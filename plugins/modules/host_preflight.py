"""Look at a host before anything on it is changed (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_preflight
short_description: Finds what would stop a host from becoming a mail server
description:
  - Changes nothing. Returns facts for later plays and a list of problems, each with the mend.
options:
  packages:
    description: Packages that the roles need, to learn which are missing.
    type: list
    elements: str
    required: true
  addresses:
    description: The public addresses that the inventory states.
    type: list
    elements: str
    required: true
  senders:
    description: Those of them that the host sends from.
    type: list
    elements: str
    required: true
  names:
    description: The names that the inventory states, the host's own first.
    type: list
    elements: str
    required: true
  smtp_targets:
    description: Hosts of others whose port 25 is tried, to learn whether outbound 25 is open.
      One answer is enough; an empty list asks nobody.
    type: list
    elements: str
    default: []
  relays:
    description: The relays through which this host sends, as C([HOST]:PORT) by their names. Each
      has to be reached.
    type: dict
    default: {}
  upgrading:
    description: Whether this run takes the host to the next Debian release (role release). No
      other may touch it on the way.
    type: bool
    default: false
  served:
    description: The accounts that the inventory has here.
    type: list
    elements: str
    default: []
  served_elsewhere:
    description: The accounts that the inventory has on other hosts.
    type: list
    elements: str
    default: []
  moving:
    description: The accounts that move between this host and another (C(moves_from)).
    type: list
    elements: str
    default: []
author: The Postwright authors
"""

EXAMPLES = r"""
- name: This host can become a mail server
  postwright.mail.host_preflight:
    packages: [postfix]
    addresses: [198.51.100.7]
    senders: [198.51.100.7]
    names: [mx1.example.org]
    smtp_targets: [mail.example.net]
"""

RETURN = r"""
host:
  description: The facts C(codename), C(hostname), C(ssh_host_keys), C(foreign_addresses),
    C(packages_missing), C(ssh_by_key), C(dpkg_interrupted), C(moving) and C(release_stage).
    C(sources) are the addresses to send from, by family. C(identity) is what others know the
    host by once all is published.
  type: dict
  returned: always
problems:
  description: What stops this host, each with C(what) and C(mend).
  type: list
  elements: dict
  returned: always
"""

import ipaddress
import json
import os
import pwd
import re
import shlex
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.identity.change import (
    Said,
    next_known,
    troubles,
)
from ansible_collections.postwright.mail.plugins.module_utils.identity.record import remembered
from ansible_collections.postwright.mail.plugins.module_utils.moving import unfinished

RELEASES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
STATE = Path("/var/lib/postwright")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
OURS = {("inet", "postwright"), ("inet", "postwright_bans")}
# What provides Debian's virtual package time-daemon; they exclude each other.
TIME_DAEMONS = {"chrony", "ntpsec", "openntpd", "systemd-timesyncd"}


def connection() -> list[str] | None:
    """Return the SSH connection that this process was started over: SSH_CONNECTION, in its words.

    sudo(8) takes it from the environment, but not from that of the processes before it.
    """
    pid = os.getpid()
    while pid > 1:
        process = Path(f"/proc/{pid}")
        for variable in (process / "environ").read_bytes().split(b"\0"):
            if variable.startswith(b"SSH_CONNECTION="):
                return variable.decode().partition("=")[2].split()
        pid = int(re.sub(r"^.*\) ", "", (process / "stat").read_text("utf-8")).split()[1])
    return None


@contextmanager
def as_postfix() -> Iterator[None]:
    """Do as Postfix's user, where there is one: the firewall lets nobody else out to port 25."""
    try:
        user = pwd.getpwnam("postfix").pw_uid
    except KeyError:
        user = os.geteuid()
    before = os.geteuid()
    if before == 0:
        os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before)


def sources(own: set[Address], senders: list[str]) -> dict[str, str]:
    """Return which address to send from, by family; behind NAT none is the host's.

    Of several, the kernel would choose (RFC 6724 5; of IPv6 often the newest), as soon as there is
    another one: SPF and the reverse name may not know it yet.
    """
    stated = map(ipaddress.ip_address, senders)
    return {str(each.version): str(each) for each in stated if each in own}


class Preflight:
    """The questions, one method each; every answer is kept, so an operator mends all at once."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.problems: list[dict[str, str]] = []
        self.host: dict[str, Any] = {"hostname": socket.gethostname()}

    def problem(self, what: str, mend: str) -> None:
        """Note one problem."""
        self.problems.append({"what": what, "mend": mend})

    def output(self, *command: str) -> str:
        """Return what a command prints, or nothing where it fails or does not exist."""
        if shutil.which(command[0]) is None:
            return ""
        code, out, _ = self.module.run_command(list(command))
        return str(out) if code == 0 else ""

    def release(self) -> None:
        """Debian 12 and 13 are known; anything else is refused (os-release(5))."""
        text = Path("/etc/os-release").read_text("utf-8")
        release = dict(word.split("=", 1) for word in shlex.split(text, comments=True))
        self.host["codename"] = release.get("VERSION_CODENAME", "")
        if release.get("ID") != "debian" or self.host["codename"] not in RELEASES:
            self.problem(
                f"this host runs {release.get('PRETTY_NAME', 'an unknown system')}",
                "install Debian 12 (bookworm) or Debian 13 (trixie)",
            )

    def on_its_way(self) -> None:
        """A host between two releases is nothing that a role knows; role release ends that."""
        file = STATE / "release"
        stage = file.read_text("ascii").strip() if file.exists() else ""
        self.host["release_stage"] = stage
        if stage in {"sources", "packages"} and not self.module.params["upgrading"]:
            self.problem(
                "this host is on its way from Debian 12 to 13, and that was interrupted",
                "finish it: ansible-playbook ... playbooks/upgrade.yml",
            )

    def root(self) -> None:
        """Everything is done as root."""
        if os.geteuid() != 0:
            self.problem(
                f"the tasks run as user {os.geteuid()}, not as root",
                "log in as root, or as a user with sudo, and set ansible_become: true",
            )

    def other_mta(self) -> None:
        """Another program on port 25 may hold mail; it is not taken over."""
        if STATE.is_dir():
            return  # this host is ours already: what listens is what we installed
        listeners = self.output("ss", "-Hltnp", "sport = :25")
        names = sorted(set(re.findall(r'users:\(\("([^"]+)"', listeners)))
        if listeners:
            self.problem(
                f"another mail server listens on port 25: {', '.join(names) or 'unknown program'}",
                "move its mail and queue away, then remove it (apt-get purge exim4-base, say), "
                "or use a bare host",
            )

    def foreign_rules(self) -> None:
        """Rules that we do not know would be in the way, or be broken by ours."""
        if not shutil.which("nft"):
            return
        ruleset = self.output("nft", "-j", "list", "ruleset") or '{"nftables": []}'
        tables = {
            (item["table"]["family"], item["table"]["name"])
            for item in json.loads(ruleset)["nftables"]
            if "table" in item
        }
        for family, name in sorted(tables - OURS):
            self.problem(
                f"nftables has a table that is not ours: {family} {name}",
                f"remove it (nft delete table {family} {name}, and what loads it at boot), "
                "or use a bare host",
            )

    def addresses(self) -> None:
        """Which stated addresses are not on an interface: behind NAT, or wrong."""
        shown = json.loads(self.output("ip", "-j", "address") or "[]")
        own = {
            ipaddress.ip_address(address["local"])
            for link in shown
            for address in link.get("addr_info", [])
            if "local" in address
        }
        stated = [str(a) for a in self.module.params["addresses"]]
        self.host["foreign_addresses"] = [a for a in stated if ipaddress.ip_address(a) not in own]
        self.host["sources"] = sources(own, self.module.params["senders"])
        self.identity([str(address) for address in own])
        self.host["ssh_host_keys"] = sorted(
            " ".join(key.read_text("utf-8").split()[:2])
            for key in Path("/etc/ssh").glob("ssh_host_*_key.pub")
        )

    def identity(self, own: list[str]) -> None:
        """What others know the host by does not change before they can know the new."""
        params = self.module.params
        said = Said(params["names"], params["senders"], params["addresses"])
        known = remembered(STATE)
        for what, mend in troubles(said, known, own, time.time()) if known else ():
            self.problem(what, mend)
        self.host["identity"] = next_known(said, known)

    def rebuild(self) -> None:
        """Whether the host has keys of ours, and what of a rebuild is still to be done, or told."""
        self.host["bare"] = not any((STATE / "dkim").glob("*/*.key"))
        begun = STATE / "rebuild.json"
        known = json.loads(begun.read_text("utf-8")) if begun.exists() else {}
        self.host["rebuilding"] = [part for part in ("keys", "mail") if known and not known[part]]
        self.host["began_with_nothing"] = (STATE / "began-with-nothing").exists()

    def moves(self) -> None:
        """No move was left half-way."""
        folder = STATE / "moving"
        self.host["moving"] = folder.exists()
        accounts = (self.module.params[key] for key in ("served", "served_elsewhere", "moving"))
        for what, mend in unfinished.troubles(*map(set, accounts), state=folder):
            self.problem(what, mend)

    def ssh_by_key(self) -> None:
        """Whether a key let this run in, or passwords are refused already (sshd(8))."""
        refused = "passwordauthentication no" in self.output("sshd", "-T")
        accepted = self.output("journalctl", "-q", "--no-pager", "-o", "cat",
                               "-t", "sshd", "-t", "sshd-session")  # fmt: skip
        address, port, *_ = connection() or ("", "")
        by_key = rf"^Accepted publickey for \S+ from {re.escape(address)} port {port} "
        self.host["ssh_by_key"] = refused or bool(re.search(by_key, accepted, re.MULTILINE))

    def names_resolve(self) -> bool:
        """Names can be looked up, but by a resolver of ours that is down; its role mends that."""
        resolver = Path("/etc/resolv.conf")
        ours = resolver.exists() and "role resolver" in resolver.read_text("utf-8", "replace")
        return not ours or bool(self.output("systemctl", "is-active", "unbound"))

    def outbound_smtp(self) -> None:
        """Many hosters block outbound port 25; a mail server without it delivers nothing."""
        targets: list[str] = self.module.params["smtp_targets"]
        failures = []
        for target in targets:
            try:
                with as_postfix(), socket.create_connection((target, 25), timeout=10) as connection:
                    if connection.recv(3) == b"220":
                        return
                    failures.append(f"{target}: no SMTP greeting")
            except OSError as error:
                failures.append(f"{target}: {error}")
        if targets:
            self.problem(
                "outbound port 25 is blocked: " + "; ".join(failures),
                "ask your hoster to open outbound TCP port 25 for this host (most do on request), "
                "or send through a relay (mail_relay), or name reachable hosts in "
                "preflight_smtp_targets",
            )

    def relays(self) -> None:
        """A relay that is out of reach takes no mail; each is tried on its own port."""
        for name, next_hop in sorted(self.module.params["relays"].items()):
            host, _, port = next_hop.strip("[").partition("]:")
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except OSError as error:
                self.problem(
                    f"the relay {name} cannot be reached: {host} port {port}: {error}",
                    f"correct mail_relays.{name}, let this host reach that port, or take another "
                    "port that the relay offers",
                )

    def packages(self) -> None:
        """Which packages are missing, and whether dpkg was interrupted."""
        listed = self.output("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n")
        installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
        wanted = set(self.module.params["packages"])
        # A host that keeps its time otherwise (a hoster's chrony, say) goes on doing so.
        if not installed & TIME_DAEMONS:
            wanted.add("systemd-timesyncd")
        self.host["packages_missing"] = sorted(wanted - installed)
        updates = Path("/var/lib/dpkg/updates")
        pending = updates.is_dir() and any(updates.iterdir())
        self.host["dpkg_interrupted"] = pending or bool(self.output("dpkg", "--audit"))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "addresses": {"type": "list", "elements": "str", "required": True},
            "senders": {"type": "list", "elements": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "smtp_targets": {"type": "list", "elements": "str", "default": []},
            "relays": {"type": "dict", "default": {}},
            "upgrading": {"type": "bool", "default": False},
            "served": {"type": "list", "elements": "str", "default": []},
            "served_elsewhere": {"type": "list", "elements": "str", "default": []},
            "moving": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    preflight = Preflight(module)
    preflight.release()
    preflight.on_its_way()
    preflight.root()
    preflight.other_mta()
    preflight.foreign_rules()
    preflight.addresses()
    preflight.rebuild()
    preflight.moves()
    preflight.ssh_by_key()
    if preflight.names_resolve():
        preflight.outbound_smtp()
        preflight.relays()
    preflight.packages()
    module.exit_json(changed=False, host=preflight.host, problems=preflight.problems)


if __name__ == "__main__":
    main()
