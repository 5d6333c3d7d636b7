"""Both mail hosts on disks whose power can be cut, as Linux' own file system tests cut it.

Each host's root is an ext4 image, and both images lie on one ext4 file system, which stands for
the disk and its write cache. EXT4_IOC_SHUTDOWN with NOLOGFLUSH (`godown` in xfstests) ends that one
at an instant: what was written since the last flush is lost, in the images, too, and what a host
had not even sent to its disk goes with its processes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit import MAIL_HOSTS, ROOT, this_lab
from postwright.lab import lifecycle, machine, network
from postwright.lab.plan import Host, Lab
from postwright.lab.shell import run
from postwright.probe.result import awaited

_SIZE = "3G"
"""Of a host's image; sparse."""
_PORTS = (22, 25, 465, 993)
# _IOR('X', 125, __u32), EXT4_GOING_FLAGS_NOLOGFLUSH (fs/ext4/ext4.h)
_SHUT_DOWN = (
    "import fcntl, os, struct, sys\n"
    "fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))\n"
)
_BOOT = (
    "import sys\n"
    "from pathlib import Path\n"
    "from postwright.lab import claims, machine\n"
    "lab = claims.find(Path(sys.argv[1]))\n"
    "for name in sys.argv[2:]: machine.boot(lab, lab.hosts[name])\n"
)


class Power:
    """The two hosts' supply of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.hosts: list[Host] = [lab.hosts[name] for name in MAIL_HOSTS]
        self.home = lab.home / "power"
        self.image = self.home / "disk.img"
        self.disk = self.home / "disk"
        self._room: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Shut both hosts down and copy them onto such disks."""
        for host in self.hosts:
            machine.stop(host)
        self.disk.mkdir(parents=True)
        _formatted(self.image, "7G")
        with self._mounted():
            for host in self.hosts:
                image = self.disk / f"{host.name}.img"
                self._there("sh", "-c", f"truncate -s {_SIZE} {image}; mkfs.ext4 -qF {image}")
                target = self.home / host.name
                target.mkdir()
                self._there("mount", "-o", "loop", image, target)
                self._there("cp", "-a", f"{host.disk}/.", target)
                self._there("umount", target)
        self._gone()

    def on(self) -> None:
        """Boot both hosts."""
        for host in self.hosts:
            network.plug(self.lab, host)
        # The mounts live in a room of their own: elsewhere, a lab that boots would hold them.
        self._enter()
        self._there("mount", "-o", "loop", self.image, self.disk)
        for host in self.hosts:
            self._there("mount", "-o", "loop", self.disk / f"{host.name}.img", host.disk)
        self._there(sys.executable, "-c", _BOOT, ROOT, *MAIL_HOSTS)
        for host in self.hosts:
            machine.await_state(self.lab, host)
            for port in _PORTS:
                lifecycle.await_port(host, port, print)

    def cut(self) -> float:
        """Cut the power. Returns when, in seconds since the epoch."""
        for host in self.hosts:
            # Nobody hears of what happens between here and the end of the last process.
            run(["ip", "link", "set", host.unit, "down"])
        self._there(sys.executable, "-c", _SHUT_DOWN, self.disk)
        when = time.time()
        self.off()
        return when

    def off(self) -> None:
        """End every process and mount of both hosts."""
        for host in self.hosts:
            machine.destroy_processes(host)
            network.unplug(host)
        self._leave()
        self._gone()

    def remove(self) -> None:
        """Give the hosts their own disks back, where they are on others; they are down then."""
        if self.home.exists():
            self.off()
            shutil.rmtree(self.home)

    @contextmanager
    def _mounted(self) -> Iterator[None]:
        self._enter()
        self._there("mount", "-o", "loop", self.image, self.disk)
        try:
            yield
        finally:
            self._there("umount", self.disk)
            self._leave()

    def _enter(self) -> None:
        words = ("setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount")
        self._room = subprocess.Popen(
            [*words, "--propagation", "private", "sh", "-c", "echo; exec sleep infinity"],
            stdout=subprocess.PIPE,
        )
        assert self._room.stdout is not None
        self._room.stdout.readline()

    def _leave(self) -> None:
        if self._room is not None:
            self._room.kill()
            self._room.communicate()
            self._room = None

    def _there(self, *words: str | Path) -> None:
        assert self._room is not None
        run(["nsenter", "-t", str(self._room.pid), "--mount", "--", *words])

    def _gone(self) -> None:
        with awaited(30, pause=0.1) as again:
            while again() and run(["losetup", "-j", str(self.image)]).stdout:
                pass
        assert not run(["losetup", "-j", str(self.image)]).stdout


def _formatted(image: Path, size: str) -> None:
    run(["truncate", "-s", size, image])
    run(["mkfs.ext4", "-qF", image])


def supply() -> Power:
    """Return the power supply of this checkout's lab."""
    return Power(this_lab())
