"""Whom the lab's hosts trust: the lab's own authority and the root that Pebble made.

Pebble makes a new root whenever it starts, so `up` compares and replaces it.
"""

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
    # What counts is the bundle that clients read, not the file it is made from.
    if root in (host.disk / "etc/ssl/certs/ca-certificates.crt").read_text():
        return False
    file = f"{CA_DIRECTORY}/postwright-acme.crt"
    inside(host, "sh", "-c", f"cat >{file} && update-ca-certificates >/dev/null", text=root)
    return True
