"""Daemons whose clock jumps, by libfaketime: the host's own clock is the machine's, and stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fault_ways import everywhere, inside

# Not Rspamd: libfaketime hangs it ("unexpected recursive calls to clock_gettime()") on both
# releases. Not Postfix: set back, it holds what it deferred until the wrong time (docs/faults.md).
UNITS = ("dovecot", "unbound")
_DROP_IN = "/run/systemd/system/{unit}.service.d/90-postwright-drill.conf"
_CLOCK = "/run/postwright-drill-clock"
_PRELOAD = "/run/postwright-drill-preload"
# By files and not by the environment, which Dovecot does not hand on. What is bound is
# seen by this unit alone.
_UNIT = f"""[Service]
BindReadOnlyPaths={_PRELOAD}:/etc/ld.so.preload {_CLOCK}:/etc/faketimerc
Environment=DONT_FAKE_MONOTONIC=1
"""
_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
NO_CACHE = 10.0
"""Seconds until libfaketime reads its file again."""


@contextmanager
def faked() -> Iterator[None]:
    """Have the units live by a clock that can be set."""

    def begin(host: str) -> None:
        inside(host, "apt-get", "-qq", "update")
        inside(host, "apt-get", "-qqy", "install", "--no-install-recommends", "libfaketime")
        inside(host, "sh", "-ec", f"cat >{_PRELOAD}", text=f"{_LIBRARY}\n")
        put(host, "+0")
        for unit in UNITS:
            drop_in = _DROP_IN.format(unit=unit)
            inside(host, "sh", "-ec", "mkdir -p ${1%/*}; cat >$1", "sh", drop_in, text=_UNIT)
        _restart(host)

    everywhere(begin)
    try:
        yield
    finally:
        everywhere(restored)


def put(host: str, offset: str) -> None:
    """Set the units' clock, relative to the host's."""
    inside(host, "sh", "-ec", f"cat >{_CLOCK}", text=f"{offset}\n")


def jump(offset: str) -> None:
    """Have all units' clocks jump."""
    everywhere(lambda host: put(host, offset))


def restored(host: str) -> None:
    """Give the units the host's clock again."""
    drop_ins = [_DROP_IN.format(unit=unit) for unit in UNITS]
    there = inside(host, "sh", "-c", f"ls {' '.join(drop_ins)} 2>/dev/null || :")
    if there:
        inside(host, "rm", "-f", *drop_ins)
        _restart(host)
        inside(host, "rm", "-f", _CLOCK, _PRELOAD)
        # systemd made these, empty, to bind over them.
        inside(host, "rm", "-f", "/etc/ld.so.preload", "/etc/faketimerc")
        inside(host, "apt-get", "-qqy", "purge", "libfaketime")


def _restart(host: str) -> None:
    inside(host, "systemctl", "daemon-reload")
    inside(host, "systemctl", "restart", *UNITS)
