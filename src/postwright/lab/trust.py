"""Whom the lab's hosts trust: the lab's own authority and the root that Pebble made.

Pebble makes a new root whenever it starts, so `up` compares and replaces it.
"""

import ssl
import time
import urllib.error
from collections.abc import Callable
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


def fetch(lab: Lab, keys: Keys, say: Callable[[str], None], seconds: float = 600) -> str:
    """Fetch Pebble's root as soon as it answers, and write the bundle. Returns the root."""
    deadline = time.monotonic() + seconds
    waiting = False
    while True:
        try:
            root = acme.root(lab.hosts["acme"], keys)
            break
        except (urllib.error.URLError, ssl.SSLError, OSError) as error:
            if time.monotonic() > deadline:
                raise LabError(f"Pebble on acme does not answer: {error}") from error
            if not waiting:
                say("waits for the certificate authority")
                waiting = True
            time.sleep(0.1)
    write(bundle(lab), keys.ca.read_text() + root)
    return root


def install(host: Host, root: str) -> bool:
    """Make a running host trust Pebble's root. Returns whether that was news to it."""
    # What counts is the bundle that clients read, not the file it is made from.
    if root in (host.disk / "etc/ssl/certs/ca-certificates.crt").read_text():
        return False
    file = f"{CA_DIRECTORY}/postwright-acme.crt"
    inside(host, "sh", "-c", f"cat >{file} && update-ca-certificates >/dev/null", text=root)
    return True
