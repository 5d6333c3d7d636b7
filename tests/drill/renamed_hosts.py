"""mx1 under another name and mx2 at other addresses: inventories, and time that passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labkit import MAIL_HOSTS, flush_zone, on

OLD, NEW = "mx1.alpha.test", "post.alpha.test"
LAST = "24"
"""The last part of mx2's other addresses; no lab host has it."""
_A_DAY_AGO = """\
import json, pathlib
path = pathlib.Path("/var/lib/postwright/identity.json")
said = json.loads(path.read_text())
for part in ("names", "addresses"):
    said[part] = {key: since - 86400 for key, since in said[part].items()}
said["renamed"] = said["renamed"] and said["renamed"] - 86400
path.write_text(json.dumps(said))
"""


class Inventories:
    """What the operator writes, step by step, each as words for ansible-playbook."""

    def __init__(self, facts: dict[str, Any], folder: Path) -> None:
        """Write them beside the lab's inventory, which they come after."""
        mx2 = facts["hosts"]["mx2"]
        self.old = [mx2["ipv4"], mx2["ipv6"]]
        self.new = [_other(mx2["ipv4"], "."), _other(mx2["ipv6"], ":")]
        self.folder = folder
        self.unstated = self._words("unstated", {"mail_hostname": NEW}, _at(self.new, []))
        self.beside = self._words(
            "beside", {"mail_other_names": [NEW]}, _at(self.old, self.new)
        )  # fmt: skip
        self.exchanged = self._words(
            "exchanged",
            {"mail_hostname": NEW, "mail_other_names": [OLD]},
            _at(self.new, self.old),
        )

    def _words(self, name: str, mx1: dict[str, Any], mx2: dict[str, Any]) -> tuple[str, ...]:
        file = self.folder / f"{name}.json"
        hosts = {"mail_hosts": {"hosts": {"mx1": mx1, "mx2": mx2}}}
        file.write_text(json.dumps(hosts), encoding="utf-8")
        return "-i", str(file)


def _other(address: str, separator: str) -> str:
    return address.rpartition(separator)[0] + separator + LAST


def _at(main: list[str], others: list[str]) -> dict[str, Any]:
    return {"mail_ipv4": main[0], "mail_ipv6": main[1], "mail_other_addresses": others}


@contextmanager
def further_addresses(addresses: list[str]) -> Iterator[None]:
    """Have mx2 have these addresses, too."""
    at = [f"{each}/{64 if ':' in each else 24}" for each in addresses]
    for each in at:
        on("mx2", "ip", "address", "replace", each, "dev", "host0", *["nodad"] * (":" in each))
    try:
        yield
    finally:
        for each in at:
            on("mx2", "ip", "address", "delete", each, "dev", "host0")


def a_day_passes() -> None:
    """Have a day pass since others were told: for our hosts, and for who remembers."""
    for host in MAIL_HOSTS:
        on(host, "python3", "-c", _A_DAY_AGO)
    flush_zone("ns1", zone=".")
