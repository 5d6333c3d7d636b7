"""mx1 as it is lost: with a backup elsewhere, on a machine that is gone, and at another address."""

from __future__ import annotations

import json
import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import backup_target
from labkit import ROOT, lab, on

HOST = "mx1"
# The last parts of the address that the machine has which takes its place; no lab host has them.
IPV4, IPV6 = "23", "23"


def backup_elsewhere(facts: dict[str, Any], folder: Path) -> str:
    """Make the target at peer, reached by a key that the vault has; return the words for `-e`."""
    key = folder / "backup_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    backup_target.made()
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    backup_target.authorize([f'restrict,command="internal-sftp" {public}'])
    return backup_target.spec(facts, ssh_key=key.read_text(encoding="utf-8"))


def replacement(facts: dict[str, Any]) -> dict[str, str]:
    """Return the addresses of the machine that takes its place."""
    old = facts["hosts"][HOST]
    return {"ipv4": _moved(old["ipv4"], IPV4), "ipv6": _moved(old["ipv6"], IPV6)}


def replaced(facts: dict[str, Any], folder: Path) -> tuple[str, dict[str, Any]]:
    """Put a bare machine at another address in mx1's place; return an inventory that says so.

    And the lab's facts as they are now.
    """
    lab("reset", HOST)
    old, new = facts["hosts"][HOST], replacement(facts)
    on(HOST, "sh", "-ec", f"""
        via4=$(ip -4 route show default | sed 's/.*via \\([^ ]*\\).*/\\1/')
        via6=$(ip -6 route show default | sed 's/.*via \\([^ ]*\\).*/\\1/')
        ip address del {old["ipv4"]}/24 dev host0
        ip address del {old["ipv6"]}/64 dev host0
        ip address add {new["ipv4"]}/24 dev host0
        ip address add {new["ipv6"]}/64 dev host0 nodad
        ip route replace default via $via4
        ip -6 route replace default via $via6
    """)  # fmt: skip
    known = ROOT / ".lab/keys/known_hosts"
    options = f"-o UserKnownHostsFile={known} -o HostKeyAlias={old['ipv4']}"
    stated = {
        "ansible_host": new["ipv4"],
        "ansible_ssh_common_args": f"{options} -o StrictHostKeyChecking=yes",
        "mail_ipv4": new["ipv4"],
        "mail_ipv6": new["ipv6"],
    }
    file = folder / "replaced.json"
    file.write_text(json.dumps({"mail_hosts": {"hosts": {HOST: stated}}}), encoding="utf-8")
    hosts = facts["hosts"] | {HOST: old | new}
    return str(file), facts | {"hosts": hosts}


def _moved(address: str, last: str) -> str:
    separator = ":" if ip_address(address).version == 6 else "."
    return address.rpartition(separator)[0] + separator + last
