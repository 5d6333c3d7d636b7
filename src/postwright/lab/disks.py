"""Make a host's disk: an image, what every lab host has, and what this host is."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from postwright.lab import acme, images, ns1, peer
from postwright.lab.keys import Keys
from postwright.lab.machine import put
from postwright.lab.network import Mirror
from postwright.lab.plan import Host, Lab

# A disk is made anew when the code that made it has changed.
_HERE = Path(__file__).parent
_SOURCES = {
    "ns1": (_HERE / "ns1.py", _HERE / "zones.py"),
    "acme": (_HERE / "acme.py",),
    "peer": (_HERE / "peer.py", images.FILES / "peer"),
}
CA_DIRECTORY = "/usr/local/share/ca-certificates"


def image(host: Host) -> images.Image:
    """The image of a host."""
    return images.Image(host.spec.release, images.PACKAGES[host.spec.image])


def exists(host: Host) -> bool:
    """Whether the host has a disk of this lab's present recipe; it is complete if it is there."""
    try:
        made = json.loads((host.directory / "recipe.json").read_text())
    except OSError:
        return False
    return bool(made == _recipe(host))


def _recipe(host: Host) -> dict[str, str]:
    recipe = {"image": image(host).digest, "ipv4": str(host.ipv4), "ipv6": str(host.ipv6)}
    if host.spec.image in _SOURCES:
        recipe["sources"] = _sources(*_SOURCES[host.spec.image])
    return recipe


def _sources(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def create(lab: Lab, host: Host, keys: Keys, mirror: Mirror, say: Callable[[str], None]) -> None:
    """Make the disk anew; it is in place only when it is complete."""
    tar = images.ensure(image(host), say)
    say("gets its disk")
    new = replace(host, directory=host.directory.with_name(f".{host.name}.new"))
    if new.directory.exists():
        shutil.rmtree(new.directory)
    new.directory.mkdir(parents=True)
    images.unpack(tar, new.disk)
    _common(lab, new, keys)
    if host.spec.image == "ns1":
        ns1.prepare(lab, new, keys, mirror)
    elif host.spec.image == "acme":
        acme.prepare(lab, new, keys)
    elif host.spec.image == "peer":
        peer.prepare(new, keys)
    elif host.spec.image == "bare":
        images.lend_packages(host.spec.release, new.disk)
    (new.directory / "recipe.json").write_text(json.dumps(_recipe(host)))
    delete(host)
    new.directory.rename(host.directory)


def delete(host: Host) -> None:
    """Delete the disk; the .debs it downloaded are kept for the next."""
    if host.disk.is_dir():
        images.collect_packages(host.spec.release, host.disk)
    if host.directory.exists():
        shutil.rmtree(host.directory)


def _common(lab: Lab, host: Host, keys: Keys) -> None:
    put(host, "/etc/hostname", f"{host.name}\n")
    put(host, "/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
    resolv = f"nameserver {lab.resolver_ipv4}\nnameserver {lab.resolver_ipv6}\n"
    put(host, "/etc/resolv.conf", resolv + "options edns0 trust-ad\n")
    # Without an id, systemd takes the boot for the first one ever and enables every unit.
    machine_id = hashlib.sha256(f"{lab.checkout} {host.name}".encode()).hexdigest()[:32]
    put(host, "/etc/machine-id", f"{machine_id}\n", 0o444)
    for stale in (host.disk / "etc/ssh").glob("ssh_host_*"):
        stale.unlink()
    host_key = keys.host_key(host.name)
    put(host, "/etc/ssh/ssh_host_ed25519_key", host_key.read_text(), 0o600)
    put(host, "/etc/ssh/ssh_host_ed25519_key.pub", host_key.with_suffix(".pub").read_text())
    (host.disk / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    put(host, "/root/.ssh/authorized_keys", keys.ssh.with_suffix(".pub").read_text(), 0o600)
    put(host, f"{CA_DIRECTORY}/postwright-lab.crt", keys.ca.read_text())
