"""A lab host with no more memory than a small machine has: its cgroup is bounded, without swap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labkit import command, on, this_lab
from postwright.lab import machine
from postwright.probe.result import awaited

V1 = Path("/sys/fs/cgroup/memory")
"""The memory controller where the machine has it in a hierarchy of version 1."""

BOUNDED = 'echo $$ >"$1/cgroup.procs"; exec scripts/lab up'
MIB = 1 << 20


@dataclass(frozen=True)
class Bound:
    """A host's memory cgroup (the kernel's cgroup-v1/memory.rst, cgroup-v2.rst)."""

    place: Path

    def killed(self) -> int:
        """Return how many processes the kernel has killed for want of memory."""
        name = "memory.oom_control" if self._first else "memory.events"
        return self._number(name, "oom_kill")

    def held(self) -> int:
        """Return what the processes hold, in MiB; files in the page cache are not counted."""
        return self._number("memory.stat", "total_rss" if self._first else "anon") // MIB

    @property
    def _first(self) -> bool:
        return self.place.is_relative_to(V1)

    def _number(self, file: str, key: str) -> int:
        text = (self.place / file).read_text(encoding="ascii")
        found = re.search(rf"^{key} (\d+)$", text, re.MULTILINE)
        assert found, text
        return int(found[1])


@contextmanager
def memory_of(host: str, mebibytes: int) -> Iterator[Bound]:
    """Boot a host with so much memory, and afterwards again with all that the machine has."""
    unit = this_lab().hosts[host].unit
    # In version 2 the lab gives each host a cgroup of its own as it boots.
    bound = Bound(V1 / f"{unit}-small" if V1.exists() else Path("/sys/fs/cgroup") / unit)
    limit = str(mebibytes * MIB)
    _off(host)
    if V1.exists():
        bound.place.mkdir(exist_ok=True)
        (bound.place / "memory.limit_in_bytes").write_text(limit, encoding="ascii")
        booted = command("sh", "-ec", BOUNDED, "sh", str(bound.place))
    else:
        booted = command("scripts/lab", "up")
        (bound.place / "memory.max").write_text(limit, encoding="ascii")
    assert booted.returncode == 0, booted.stderr
    try:
        yield bound
    finally:
        _off(host)
        assert command("scripts/lab", "up").returncode == 0
        if V1.exists():
            bound.place.rmdir()


def _off(host: str) -> None:
    """Shut a host down in order."""
    place = this_lab().hosts[host]
    on(host, "systemctl", "poweroff", "--no-wall")
    with awaited(90) as again:
        while again() and machine.nspawn_pid(place) is not None:
            pass
    assert machine.nspawn_pid(place) is None, f"{host} does not shut down"
