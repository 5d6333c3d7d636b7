"""What only hosts can say: as Ansible gathered it, or in a file for who cannot reach them (CI).

    {"postwright_facts": 1, "dkim": {"example.org": [{"selector": ..., "host": ..., "txt": ...}]}}

All of it is public: it is what is published. A host that the file does not name is not known, so
what DNS holds for it stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from postwright.model import Inventory

from .desired import DkimKey, DkimKeys
from .errors import DnsError

VERSION = 1
_KEY = "postwright_facts"


class FactsFileError(DnsError):
    """A file of facts that cannot be used."""


def is_key_of(host: str, domain: str, name: str) -> bool:
    """Return whether a name is that of a DKIM key of a host: its selector says whose it is."""
    selector = name.removesuffix(f"._domainkey.{domain}")
    return selector != name and re.match(rf"{re.escape(host)}-\d{{6}}", selector) is not None


def hosts_said(
    inventory: Inventory, hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[DkimKey]]:
    """Return the DKIM keys that each host's role registered as `dkim_keys` in this run."""
    found: dict[str, list[DkimKey]] = {}
    for host in inventory.hosts:
        for domain, keys in (hostvars[host].get("dkim_keys") or {}).items():
            listed = found.setdefault(domain, [])
            listed += [DkimKey(key["selector"], host, key["txt"]) for key in keys]
    return found


def write(path: Path, dkim: DkimKeys) -> None:
    """Write what the hosts said."""
    # In a stable order, so that the file changes only when they do.
    keys = {
        domain: [asdict(key) for key in sorted(found, key=lambda key: (key.host, key.selector))]
        for domain, found in dkim.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({_KEY: VERSION, "dkim": keys}, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> dict[str, list[DkimKey]]:
    """Return the DKIM keys that the hosts said.

    Raises:
        FactsFileError: the file cannot be read, or is none.
    """
    mend = "write it anew: ansible-playbook playbooks/dns.yml --check -e facts_file=FILE"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise FactsFileError(f"{path} cannot be read: {reason}", mend) from None
    try:
        if data[_KEY] != VERSION:
            raise FactsFileError(f"{path} is of version {data[_KEY]}, not {VERSION}", mend)
        return {
            str(domain): [DkimKey(key["selector"], key["host"], key["txt"]) for key in keys]
            for domain, keys in data["dkim"].items()
        }
    except (KeyError, TypeError, AttributeError):
        raise FactsFileError(f"{path} is no file of facts", mend) from None
