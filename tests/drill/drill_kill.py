"""Start a playbook, wait for a moment of it, and kill it there without a word."""

from __future__ import annotations

import enum
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit import BIN, MAIL_HOSTS, ROOT
from postwright.lab import claims, machine

Say = Callable[[str], None]


class Reach(enum.Enum):
    """What dies at the moment."""

    PROGRAM = "ansible-playbook; its workers finish the task they are at"
    CONTROLLER = "ansible-playbook, its workers and their ssh; what they began on hosts goes on"
    HOSTS = "all of that, and on both hosts every process that came by ssh"


@dataclass(frozen=True)
class Moment:
    """A point of a run: after these headings were printed, as soon as `now` holds."""

    during: str
    headings: tuple[str, ...]
    now: Callable[[], bool]
    reach: Reach


def moment(
    during: str, reach: Reach, heading: str, now: Callable[[], bool] = lambda: True
) -> Moment:
    """Return a moment; ` ... ` stands between headings that come one after the other."""
    return Moment(during, tuple(heading.split(" ... ")), now, reach)


@dataclass(frozen=True)
class Disk:
    """A host's files, as this machine sees them while a run is at work there."""

    host: str

    def there(self, pattern: str, but_not: str = "") -> bool:
        """Tell whether a file is there that matches, and none that matches the second pattern."""
        root = inside(self.host)
        return any(root.glob(pattern)) and not (but_not and any(root.glob(but_not)))

    def cut(self, unit: str, pattern: str, least: int = 1) -> bool:
        """As soon as so many files match, end a unit of the host's, too; tell whether they do."""
        root = inside(self.host)
        if sum(1 for _ in root.glob(pattern)) < least:
            return False
        cgroup = root / f"sys/fs/cgroup/system.slice/{unit}/cgroup.kill"
        if cgroup.exists():
            cgroup.write_text("1")
        return True

    def says(self, path: str, text: str) -> bool:
        """Tell whether a file has a text; one that is not there, or is a mask, has none."""
        file = inside(self.host) / path
        return file.exists() and text in file.read_text(encoding="utf-8")

    def dpkg(self, said: str) -> bool:
        """Tell whether dpkg has come to a state of a package: `status STATE PACKAGE`."""
        return self.says("var/log/dpkg.log", f"status {said}")


def inside(host: str) -> Path:
    """Return a host's root directory as this machine sees it, its /tmp and /run included."""
    lab = claims.find(ROOT)
    pid = machine.init_pid(lab.hosts[host]) if lab else None
    assert pid is not None, f"{host} does not run"
    return Path(f"/proc/{pid}/root")


def run_until(moment: Moment, log: Path, *words: str) -> float:
    """Start site.yml, or what `words` say, and kill it at the moment; return after how long."""
    start = time.monotonic()
    with log.open("wb") as output:
        play = subprocess.Popen(
            [BIN / "ansible-playbook", "-i", "inventory/lab", *(words or ["site.yml"])],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Otherwise a task's heading waits for its first result.
            env=os.environ | {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "true"},
        )
    try:
        _await(moment, play, log)
    finally:
        kill(play.pid, moment.reach)
        play.wait()
    return time.monotonic() - start


def _await(moment: Moment, play: subprocess.Popen[bytes], log: Path) -> None:
    while not (_headed(moment, log) and moment.now()):
        seen = log.read_text(encoding="utf-8")
        assert play.poll() is None, f"the run ended before {moment.during}:\n{seen[-4000:]}"
        time.sleep(0.005)


def _headed(moment: Moment, log: Path) -> bool:
    text = log.read_text(encoding="utf-8")
    at = 0
    for heading in moment.headings:
        at = text.find(heading, at)
        if at < 0:
            return False
    return True


def kill(play: int, reach: Reach) -> None:
    """Kill a run of ansible-playbook, and what `reach` says."""
    if reach is Reach.HOSTS:
        # First of all, and atomically (cgroups(7)): what runs there is milliseconds from its end.
        for host in MAIL_HOSTS:
            cgroup = inside(host) / "sys/fs/cgroup/system.slice/ssh.service/cgroup.kill"
            cgroup.write_text("1")
    if reach is Reach.PROGRAM:
        os.killpg(play, signal.SIGKILL)
        return
    for pid in list(_frozen(play)):
        os.kill(pid, signal.SIGKILL)


def _frozen(pid: int) -> Iterator[int]:
    """Stop a process and its descendants, workers in sessions of their own included."""
    try:
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (ProcessLookupError, FileNotFoundError):
        return
    yield pid
    for child in children:
        yield from _frozen(int(child))
