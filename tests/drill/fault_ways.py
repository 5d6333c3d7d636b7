"""What befalls daemons of both mail hosts at once, and how each host stands after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from fault_mail import MARK, ROUTES
from labkit import MAIL_HOSTS, this_lab
from postwright.lab import machine
from postwright.probe.result import awaited

T = TypeVar("T")

KILLS = 6
"""In a row, each as soon as the daemon is back: one more than systemd allows in 10 s by itself."""
HOLD = 40.0
"""Seconds that a daemon is frozen: longer than Postfix waits for a milter's command (30 s)."""
RESTARTED = 60.0
FULL = 20.0
"""Seconds that a partition is full."""


@dataclass(frozen=True)
class Daemon:
    """What is killed and frozen: a unit, or those of its processes whose command line fits."""

    name: str
    unit: str
    processes: str = ""

    def signal(self, host: str, signal: str) -> None:
        """Send a signal to all of it."""
        if self.processes:
            # Dovecot starts these when they are asked for; pkill's 1 says that there were none.
            inside(host, "sh", "-c", f"pkill -{signal} -f '{self.processes}' || [ $? = 1 ]")
        else:
            inside(host, "systemctl", "kill", f"--signal={signal}", self.named(host))

    def named(self, host: str) -> str:
        """Return the unit's name on a host."""
        return "postfix@-" if (self.unit, host) == ("postfix", "mx2") else self.unit


DAEMONS = (
    Daemon("rspamd", "rspamd"),
    Daemon("redis", "redis-server"),
    Daemon("unbound", "unbound"),
    Daemon("tls-policy", "postwright-tls-policy"),
    Daemon("dovecot-auth", "dovecot", "^dovecot/auth"),
    Daemon("dovecot-lmtp", "dovecot", "^dovecot/lmtp"),
)
MASTERS = (Daemon("postfix", "postfix"), Daemon("dovecot", "dovecot"))


def inside(host: str, *words: str, text: str | None = None) -> str:
    """Run a command on a host, quicker than scripts/lab does, and return its output."""
    return machine.inside(this_lab().hosts[host], *words, text=text)


def everywhere(do: Callable[[str], T]) -> dict[str, T]:
    """Do something on both mail hosts at once."""
    with ThreadPoolExecutor(len(MAIL_HOSTS)) as pool:
        return dict(zip(MAIL_HOSTS, pool.map(do, MAIL_HOSTS), strict=True))


def kill(daemon: Daemon) -> None:
    """Kill it time and again, each time as soon as it is back."""

    def one(host: str) -> None:
        for _ in range(KILLS - 1):
            daemon.signal(host, "KILL")
            time.sleep(0.5)  # systemd sees a death some milliseconds later
            with awaited(RESTARTED) as again:
                while again() and (state := _state(host, daemon)) != "active":
                    pass
            assert state == "active", f"{daemon.name} on {host} is {state}"
        daemon.signal(host, "KILL")

    everywhere(one)


def _state(host: str, daemon: Daemon) -> str:
    return inside(host, "systemctl", "show", "-P", "ActiveState", daemon.named(host)).strip()


@contextmanager
def frozen(daemon: Daemon) -> Iterator[None]:
    """Freeze it for a while."""
    everywhere(lambda host: daemon.signal(host, "STOP"))
    try:
        yield
    finally:
        everywhere(lambda host: daemon.signal(host, "CONT"))


@dataclass(frozen=True)
class Partition:
    """A directory that gets a small file system of its own.

    Attributes:
        name: what it is.
        path: where it lies.
        kept: whether what is written there meanwhile belongs to what lies there otherwise.
    """

    name: str
    path: str
    kept: bool


PARTITIONS = (
    Partition("queue", "/var/spool/postfix", kept=False),
    Partition("mail", "/var/vmail", kept=True),
)
_SMALL = "postwright-drill"
_USERS = {"mx1": "postfix dovecot", "mx2": "postfix@- dovecot"}
# Postfix takes nothing where there is less room than 1.5 times message_size_limit (smtpd(8)).
_MOUNT = """
systemctl stop $2; trap 'systemctl start $2' EXIT
owner=$(stat -c %u:%g "$1"); mode=$(stat -c %a "$1")
(cd "$1"; find . -type d -print0 | tar --null --no-recursion -cf /run/{name}.tar -T -)
mount -t tmpfs -o "size=$3M,mode=$mode" {name} "$1"; chown "$owner" "$1"
tar -C "$1" -xpf /run/{name}.tar
"""
_UNMOUNT = """
[ "$(findmnt -no SOURCE --mountpoint "$1")" = {name} ] || exit 0
systemctl stop $2; trap 'systemctl start $2' EXIT
if [ "$3" = True ]; then
    mkdir -p /run/{name}; mount --bind "$1" /run/{name}; umount "$1"
    rm -f /run/{name}/full; cp -an /run/{name}/. "$1"/; umount /run/{name}
else umount "$1"; fi
"""


def _script(host: str, script: str, *words: str) -> str:
    return inside(host, "sh", "-ec", script.replace("{name}", _SMALL), "sh", *words)


def room(host: str) -> int:
    """Return how many megabytes the small file system has: what Postfix wants, and some more."""
    limit = int(inside(host, "postconf", "-hx", "message_size_limit"))
    return limit * 3 // 2 // 2**20 + 48


@contextmanager
def small(partition: Partition) -> Iterator[None]:
    """Have a directory lie on a small file system for a while."""
    everywhere(lambda host: _script(host, _MOUNT, partition.path, _USERS[host], str(room(host))))
    try:
        yield
    finally:
        restored(partition)


def restored(partition: Partition) -> None:
    """End that, wherever it is so, with what was written there meanwhile."""
    everywhere(
        lambda host: _script(host, _UNMOUNT, partition.path, _USERS[host], str(partition.kept))
    )


@contextmanager
def full(partition: Partition) -> Iterator[None]:
    """Fill the small file system for a while."""
    file = f"{partition.path}/full"
    # Whatever is freed meanwhile is taken, too.
    dd = f"dd if=/dev/zero bs=64k oflag=append conv=notrunc of={file}"
    fill = f"exec >/dev/null 2>&1; while :; do {dd}; sleep 0.2; done"
    unit = f"{_SMALL}-fill"
    everywhere(lambda host: inside(host, "systemd-run", "-q", "--unit", unit, "sh", "-c", fill))
    try:
        yield
    finally:
        everywhere(lambda host: inside(host, "sh", "-c", f"systemctl stop {unit}; rm {file}"))


def drained(seconds: float) -> None:
    """Wait until no letter of a drill waits on a mail host, nor at the peer."""
    with awaited(seconds, pause=2) as again:
        while again() and (left := _queued()):
            pass
    assert not left, f"after {seconds:.0f} s {len(left)} messages wait: {left[:3]}"


def flushed(seconds: float) -> None:
    """Have all that waits go at once: the drill needs empty queues to stage what is next."""
    everywhere(lambda host: inside(host, "postqueue", "-f"))
    drained(seconds)


def _queued() -> list[str]:
    said = [inside(host, "postqueue", "-j") for host in (*MAIL_HOSTS, "peer")]
    senders = [f'"sender": "{route.sender}"' for route in ROUTES]
    return [
        line
        for text in said
        for line in text.splitlines()
        if any(sender in line for sender in senders)
    ]


_PUT_RIGHT = """
systemctl stop {name}-fill 2>/dev/null || :
kill -CONT -1
if command -v doveadm >/dev/null; then doveadm expunge -A mailbox INBOX SUBJECT '{mark}'; fi
"""


def put_right() -> None:
    """Undo what a drill that was killed left behind; hosts may be bare."""
    everywhere(lambda host: _script(host, _PUT_RIGHT.replace("{mark}", MARK)))
    for partition in PARTITIONS:
        restored(partition)
