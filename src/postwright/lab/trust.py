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


def fetch(lab: Lab, keys: Keys, seconds: float = 60) -> str:
    """Fetch Pebble's root as soon as it answers, and write the bundle. Returns the root."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            root = acme.root(lab.hosts["acme"], keys)
            break
        except (urllib.error.URLError, ssl.SSLError, OSError) as error:
            if time.monotonic() > deadline:
                raise LabError(f"acme: Pebble does not answer: {error}") from error
            time.sleep(0.1)
    write(bundle(lab), keys.ca.read_text() + root)
    return root


def install(host: Host, root: str) -> bool:
    """Make a running host trust Pebble's root. Returns whether that was news to it."""
    file = host.disk / CA_DIRECTORY.lstrip("/") / "postwright-acme.crt"
    if file.exists() and file.read_text() == root:
        return False
    new = f"{CA_DIRECTORY}/postwright-acme.crt"
    inside(host, "sh", "-c", f"cat >{new}.new && update-ca-certificates >/dev/null", text=root)
    # The file takes its name last: a killed `up` leaves it undone, not half done.
    inside(host, "sh", "-c", f"mv {new}.new {new} && update-ca-certificates >/dev/null")
    return True
