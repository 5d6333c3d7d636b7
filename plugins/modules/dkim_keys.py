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
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Each domain has its own RSA and Ed25519 key on this host
  postwright.mail.dkim_keys:
    directory: /var/lib/postwright/dkim
    host: mx1
    domains: [example.org]
    group: _rspamd
"""

RETURN = r"""
keys:
  description: For each domain, its keys as C(selector), C(algorithm), C(path) and C(txt), the
    value to publish at C(selector._domainkey.domain).
  type: dict
  returned: always
"""

import base64
import datetime
import grp
import hashlib
import os
import re
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

ALGORITHMS = {"r": "rsa", "e": "ed25519"}


class KeyStore:
    """The keys of one host on its disk."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.root = Path(module.params["directory"])
        self.host: str = module.params["host"]
        self.gid = self._gid()
        self.made: list[str] = []

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

    def existing(self, domain: str, letter: str) -> list[str]:
        """Return the selectors of a domain's keys of one algorithm, oldest first."""
        pattern = re.compile(rf"{re.escape(self.host)}-\d{{6}}{letter}-[a-z2-7]{{4}}\.key")
        keys = [key for key in (self.root / domain).glob("*.key") if pattern.fullmatch(key.name)]
        return [key.stem for key in sorted(keys, key=lambda key: (key.stat().st_mtime, key.name))]

    def folder(self, path: Path) -> None:
        """Make a directory that only root and the signing group enter."""
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, 0, self.gid)
        path.chmod(0o750)

    def make(self, domain: str, letter: str) -> None:
        """Make one key. The key file is renamed into place last, so half a key is never seen."""
        month = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m")
        prefix = f"{self.host}-{month}{letter}"
        if self.module.check_mode:
            self.made.append(f"{prefix}-*._domainkey.{domain}")
            return
        folder = self.root / domain
        self.folder(self.root)
        self.folder(folder)
        new = folder / f".{prefix}.new"
        new.unlink(missing_ok=True)
        public = self.rsa(new) if letter == "r" else self.ed25519(new, domain)
        tag = base64.b32encode(hashlib.sha256(public.encode()).digest())[:4].decode().lower()
        selector = f"{prefix}-{tag}"
        os.chown(new, 0, self.gid)
        new.chmod(0o640)
        txt = f"v=DKIM1; k={ALGORITHMS[letter]}; p={public}\n"
        (folder / f"{selector}.txt").write_text(txt, encoding="ascii")
        new.replace(folder / f"{selector}.key")
        self.made.append(f"{selector}._domainkey.{domain}")

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

    def describe(self, domain: str) -> list[dict[str, str]]:
        """Return what signers and DNS need to know about each key of a domain."""
        return [
            {
                "selector": selector,
                "algorithm": algorithm,
                "path": str(self.root / domain / f"{selector}.key"),
                "txt": (self.root / domain / f"{selector}.txt").read_text("ascii").strip(),
            }
            for letter, algorithm in ALGORITHMS.items()
            for selector in self.existing(domain, letter)
        ]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "host": {"type": "str", "required": True},
            "domains": {"type": "list", "elements": "str", "required": True},
            "group": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    store = KeyStore(module)
    for domain in module.params["domains"]:
        for letter in ALGORITHMS:
            if not store.existing(domain, letter):
                store.make(domain, letter)
    module.exit_json(
        changed=bool(store.made),
        made=store.made,
        keys={domain: store.describe(domain) for domain in module.params["domains"]},
    )


if __name__ == "__main__":
    main()
