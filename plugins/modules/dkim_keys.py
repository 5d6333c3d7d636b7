"""Make DKIM keys where they are used (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dkim_keys
short_description: Each domain has an RSA-2048 and an Ed25519 signing key of this host
description:
  - Makes the keys that are missing and returns what DNS must say about all of them. A private key
    never leaves the host, so selectors carry the host's name.
  - A selector ends in a digest of its key. A host that is rebuilt without its keys so gets new
    selectors, and nobody who still has the old key cached judges the new one's signatures by it.
  - A rollover begins with a new key, which waits until every authoritative server has listed it for
    as long as its absence may be remembered. Then it signs in place of the old one, which is
    removed as soon as Rspamd has loaded a configuration without it.
  - RSA keys come from openssl(1). Ed25519 keys come from rspamadm(1), because Rspamd silently
    skips an Ed25519 key in PEM form.
options:
  directory:
    description: Where the keys lie, one directory a domain.
    type: path
    required: true
  host:
    description: The host's short name, the first part of each selector.
    type: str
    required: true
  domains:
    description: Domains in A-label form.
    type: list
    elements: str
    required: true
  group:
    description: The group that may read the keys.
    type: str
    required: true
  rotate:
    description: Domains that get a new key of each algorithm, where none is on its way.
    type: list
    elements: str
    default: []
  rotate_days:
    description: Only keys of this age are rolled over.
    type: int
    default: 0
  listed:
    description: What every authoritative server lists, by domain, as C(selectors) and the C(ttl)
      of negative answers. Without it no key comes nearer to signing.
    type: dict
    default: {}
  signer_files:
    description: Where Rspamd reads which keys it signs with.
    type: list
    elements: path
    required: true
  signer_record:
    description: What Rspamd has loaded of them, as the module C(daemon) writes it down.
    type: path
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Each domain has its own RSA and Ed25519 key on this host
  postwright.mail.dkim_keys:
    directory: /var/lib/postwright/dkim
    host: mx1
    domains: [example.org]
    group: _rspamd
    signer_files: [/etc/rspamd/local.d/dkim_signing.conf]
    signer_record: /var/lib/postwright/loaded/rspamd.json
"""

RETURN = r"""
keys:
  description: For each domain, its keys as C(selector), C(algorithm), C(path), C(txt), the value to
    publish at C(selector._domainkey.domain), C(signs) and C(waits).
  type: dict
  returned: always
waiting:
  description: A line for the operator on each key that waits.
  type: list
  elements: str
  returned: always
seconds:
  description: For how long the last of those that are listed has to wait still.
  type: int
  returned: always
retiring:
  description: Old keys that lie there still.
  type: list
  elements: str
  returned: always
settles:
  description: In how many seconds the next run of this module may remove them.
  type: int
  returned: always
"""

import base64
import datetime
import grp
import hashlib
import os
import re
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.dkim.store import (
    ALGORITHMS,
    Signer,
    Store,
    noted,
    remove,
    sweep,
    write,
)


class Rollover:
    """Makes, notes, and removes keys, and remembers what it did."""

    def __init__(self, module: AnsibleModule, store: Store) -> None:
        self.module = module
        self.store = store
        self.gid = self._gid()
        self.did: list[str] = []

    def _gid(self) -> int:
        try:
            return grp.getgrnam(self.module.params["group"]).gr_gid
        except KeyError:
            if self.module.check_mode:
                return 0
            self.module.fail_json(
                msg=f"group {self.module.params['group']} does not exist: is Rspamd installed?"
            )

    def run(self, *command: str) -> str:
        """Return a command's standard output, or fail with what it said."""
        _, out, _ = self.module.run_command(list(command), check_rc=True)
        return str(out)

    def folder(self, path: Path) -> None:
        """Make a directory that only root and the signing group enter."""
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, 0, self.gid)
        path.chmod(0o750)

    def make(self, domain: str, letter: str, waits: bool = False) -> None:
        """Make one key. The key file is renamed into place last, so half a key is never seen."""
        month = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m")
        prefix = f"{self.store.host}-{month}{letter}"
        if self.module.check_mode:
            self.did.append(f"made {prefix}-*._domainkey.{domain}")
            return
        folder = self.store.root / domain
        self.folder(self.store.root)
        self.folder(folder)
        sweep(folder)
        new = folder / f".{prefix}.new"
        new.unlink(missing_ok=True)
        public = self.rsa(new) if letter == "r" else self.ed25519(new, domain)
        tag = base64.b32encode(hashlib.sha256(public.encode()).digest())[:4].decode().lower()
        selector = f"{prefix}-{tag}"
        os.chown(new, 0, self.gid)
        new.chmod(0o640)
        txt = f"v=DKIM1; k={ALGORITHMS[letter]}; p={public}\n"
        (folder / f"{selector}.txt").write_text(txt, encoding="ascii")
        if waits:
            write(folder / f"{selector}.waits", None, 0)
        new.replace(folder / f"{selector}.key")
        self.did.append(f"made {selector}._domainkey.{domain}")

    def rsa(self, file: Path) -> str:
        """Make an RSA key; return its public half in base64 (RFC 6376 3.6.1)."""
        der = Path(f"{file}.der")
        self.run("openssl", "genrsa", "-out", str(file), "2048")
        self.run("openssl", "rsa", "-in", str(file), "-pubout", "-outform", "DER", "-out", str(der))
        public = base64.b64encode(der.read_bytes()).decode()
        der.unlink()
        return public

    def ed25519(self, file: Path, domain: str) -> str:
        """Make an Ed25519 key as Rspamd wants it; return its public half (RFC 8463 4)."""
        zone = self.run("rspamadm", "dkim_keygen", "-t", "ed25519", "-s", "new",
                        "-d", domain, "-k", str(file))  # fmt: skip
        public = re.search(r"p=([A-Za-z0-9+/=]+)", "".join(re.findall(r'"([^"]*)"', zone)))
        if public is None:
            self.module.fail_json(msg=f"rspamadm dkim_keygen printed no public key: {zone}")
        return str(public.group(1))

    def note(self, domain: str, listed: dict[str, object]) -> None:
        """Write down what every server lists; who has waited for long enough signs from now on."""
        for key in self.store.waiting(domain):
            seen = noted(key, listed["selectors"], listed["ttl"])
            if seen.is_over():
                self.did.append(f"{key.selector}._domainkey.{domain} signs")
                if not self.module.check_mode:
                    key.record.unlink()
            elif seen != key:
                self.did.append(f"noted since when {key.selector}._domainkey.{domain} is listed")
                if not self.module.check_mode:
                    write(seen.record, seen.since, seen.ttl)

    def retire(self, domain: str) -> None:
        """Remove old keys that no process of Rspamd can sign with any more."""
        for key in self.store.old(domain):
            if self.store.signer.runs_without(key.selector) and not self.store.signer.settles():
                self.did.append(f"removed {key.selector}._domainkey.{domain}")
                if not self.module.check_mode:
                    remove(key)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "host": {"type": "str", "required": True},
            "domains": {"type": "list", "elements": "str", "required": True},
            "group": {"type": "str", "required": True},
            "rotate": {"type": "list", "elements": "str", "default": []},
            "rotate_days": {"type": "int", "default": 0},
            "listed": {"type": "dict", "default": {}},
            "signer_files": {"type": "list", "elements": "path", "required": True},
            "signer_record": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    given = module.params
    days = given["rotate_days"]
    signer = Signer([Path(file) for file in given["signer_files"]], Path(given["signer_record"]))
    store = Store(Path(given["directory"]), given["host"], signer)
    rollover = Rollover(module, store)
    for domain in given["domains"]:
        for letter in ALGORITHMS:
            if store.signing(domain, letter) is None:
                rollover.make(domain, letter)
            elif domain in given["rotate"] and store.may_begin(domain, letter, days):
                rollover.make(domain, letter, waits=True)
        if domain in given["listed"]:
            rollover.note(domain, given["listed"][domain])
        rollover.retire(domain)
    waiting = [key for domain in given["domains"] for key in store.waiting(domain)]
    retiring = [key for domain in given["domains"] for key in store.old(domain)]
    now = time.time()
    module.exit_json(
        changed=bool(rollover.did),
        did=rollover.did,
        diff={"prepared": "".join(f"{line}\n" for line in rollover.did)},
        keys={domain: store.described(domain) for domain in given["domains"]},
        waiting=[str(key) for key in waiting],
        seconds=max((int(key.due - now) + 1 for key in waiting if key.due), default=0),
        retiring=[key.selector for key in retiring],
        settles=int(signer.settles()) + 1 if retiring else 0,
    )


if __name__ == "__main__":
    main()
