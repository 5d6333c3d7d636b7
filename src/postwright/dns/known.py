"""What only hosts can say: as Ansible gathered it, or in a file for who cannot reach them (CI).

    {"postwright_facts": 1,
     "dkim": {"example.org": [{"selector": ..., "host": ..., "txt": ...}]},
     "hosts": {"mx1": {"tls_keys": [...], "issuer": ..., "account": ..., "served": [...],
                       "former_accounts": {"https://...": ...}, "policies": {"example.org": ...}}}}

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

from postwright.certificates.directories import DEFAULT, issuer_of
from postwright.model import Inventory, policy_ids

from .errors import DnsError
from .facts import DkimKey, HostFacts, Known

VERSION = 1
_KEY = "postwright_facts"


class FactsFileError(DnsError):
    """A file of facts that cannot be used."""


def is_key_of(host: str, domain: str, name: str) -> bool:
    """Return whether a name is that of a DKIM key of a host: its selector says whose it is."""
    selector = name.removesuffix(f"._domainkey.{domain}")
    return selector != name and re.match(rf"{re.escape(host)}-\d{{6}}", selector) is not None


def hosts_said(inventory: Inventory, hostvars: Mapping[str, Mapping[str, Any]]) -> Known:
    """Return what each host's roles registered in this run.

    That is `dkim_keys`, `certificates_facts` and `web_policies`.
    """
    dkim: dict[str, list[DkimKey]] = {}
    for host in inventory.hosts:
        for domain, keys in (hostvars[host].get("dkim_keys") or {}).items():
            listed = dkim.setdefault(domain, [])
            listed += [DkimKey(key["selector"], host, key["txt"]) for key in keys]
    return Known(dkim, {host: _of_host(hostvars[host]) for host in inventory.hosts})


def _of_host(variables: Mapping[str, Any]) -> HostFacts:
    said = variables.get("certificates_facts") or {}
    issuer = issuer_of(variables.get("certificates_acme_directory", DEFAULT))
    return HostFacts(
        tls_keys=tuple(said.get("tls_keys", ())),
        issuer=variables.get("certificates_caa_issuer") or issuer,
        account=said.get("account"),
        former_accounts=said.get("former_accounts", {}),
        served=frozenset(said.get("served", ())),
        policies=policy_ids(variables.get("web_policies") or ""),
    )


def write(path: Path, known: Known) -> None:
    """Write what the hosts said."""
    # In a stable order, so that the file changes only when they do.
    keys = {
        domain: [asdict(key) for key in sorted(found, key=lambda key: (key.host, key.selector))]
        for domain, found in known.dkim.items()
    }
    hosts = {
        name: asdict(facts) | {"served": sorted(facts.served)}
        for name, facts in known.hosts.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({_KEY: VERSION, "dkim": keys, "hosts": hosts}, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> Known:
    """Return what the hosts said.

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
        dkim = {
            str(domain): [DkimKey(key["selector"], key["host"], key["txt"]) for key in keys]
            for domain, keys in data["dkim"].items()
        }
        hosts = {
            str(name): HostFacts(
                tls_keys=tuple(said["tls_keys"]),
                issuer=said["issuer"],
                account=said["account"],
                former_accounts=dict(said.get("former_accounts", {})),
                served=frozenset(said["served"]),
                policies=dict(said["policies"]),
            )
            for name, said in data["hosts"].items()
        }
        return Known(dkim, hosts)
    except (KeyError, TypeError, AttributeError):
        raise FactsFileError(f"{path} is no file of facts", mend) from None
