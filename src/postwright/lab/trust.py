"""Whom the lab's hosts trust: the lab's own authority and the root that Pebble made.

Pebble makes a new root whenever it starts, so `up` compares and replaces it.
"""

import hashlib
import ssl
import time
import urllib.error
from pathlib import Path

from postwright.lab import acme
from postwright.lab.disks import CA_DIRECTORY
from postwright.lab.errors import LabError
from postwright.lab.keys import Keys
from postwright.lab.machine import inside
from postwright.lab.plan import Host, Lab
from postwright.lab.shell import write


def bundle(lab: Lab) -> Path:
    """The file with every certificate that a lab client must trust."""
    return lab.home / "ca.pem"


def fetch(lab: Lab, keys: Keys, seconds: float = 30) -> str:
    """Fetch Pebble's root as soon as it answers. LabError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return acme.root(lab.hosts["acme"], keys)
        except (urllib.error.URLError, ssl.SSLError, OSError) as error:
            if time.monotonic() > deadline:
                raise LabError(f"Pebble on acme does not answer: {error}") from error
            time.sleep(0.1)


def write_bundle(lab: Lab, keys: Keys, root: str) -> None:
    """Write the bundle anew."""
    write(bundle(lab), keys.ca.read_text() + root)


def install(host: Host, root: str) -> bool:
    """Make a running host trust Pebble's root. Returns whether that was news to it."""
    # update-ca-certificates(8) renews its links by hash only when a name comes or goes,
    # so each root has a name of its own. Those links, which it makes last, say it is done.
    name = f"postwright-acme-{hashlib.sha256(root.encode()).hexdigest()[:8]}"
    if _hashed(host, name):
        return False
    inside(
        host,
        *("sh", "-ec"),
        f"cd {CA_DIRECTORY}; rm -f postwright-acme-*; cat >{name}.crt; "
        "update-ca-certificates >/dev/null",
        text=root,
    )
    return True


def _hashed(host: Host, name: str) -> bool:
    links = (host.disk / "etc/ssl/certs").glob("????????.[0-9]")
    return any(str(link.readlink()) == f"{name}.pem" for link in links)
