"""Debian's own Postfix and Dovecot, as installed, beside ours on the same host and kernel.

A fresh root filesystem of the host's release is unpacked below /srv, and systemd runs it with that
as its root. Only the ports differ from what the packages brought, and what a bench says.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from postwright.lab import claims, images

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("postfix", "dovecot-imapd", "dovecot-lmtpd")
POSTFIX = {"mx1": "postfix", "mx2": "postfix@-"}
"""Each mail host, and its unit of Postfix."""

PORTS = """
postconf -MX smtp/inet
postconf -M "$1/inet=$1 inet n - y - - smtpd"
cat >/etc/dovecot/local.conf <<END
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $2
  }
}
END
"""
# smtpd(8) has a root of its own inside, where it looks for the resolver.
START = """
set -e
mkdir -p /var/spool/postfix/etc
cp /etc/resolv.conf /var/spool/postfix/etc/
postfix start
dovecot
"""
AWAIT = """
for port; do
  for try in $(seq 600); do ss -Hltn sport = :$port | grep -q . && break; sleep 0.1; done
  ss -Hltn sport = :$port | grep -q . || { echo "port $port does not open" >&2; exit 1; }
done
"""


class BenchError(Exception):
    """A command failed; the message says which, and how it ended."""


def on(host: str, *words: str, text: str | None = None) -> str:
    """Run a command on a lab host and return what it prints.

    Raises:
        BenchError: it failed.
    """
    return command("scripts/lab", "exec", host, "--", *words, text=text)


def command(*words: str, text: str | None = None) -> str:
    """Run a command in the checkout and return what it prints.

    Raises:
        BenchError: it failed.
    """
    done = subprocess.run(words, cwd=ROOT, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


@dataclass(frozen=True)
class Stock:
    """A stock root: its ports, and shell scripts for what a bench has otherwise than Debian."""

    name: str
    smtp: int
    imaps: int
    make: str = ""
    """Run once, within the root."""

    start: str = ""
    """Run after Dovecot and Postfix have been started."""

    packages: tuple[str, ...] = PACKAGES
    local: tuple[int, ...] = ()
    """Ports that its daemons open for each other, and that are waited for, too."""

    @property
    def unit(self) -> str:
        """Its daemons' unit."""
        return f"bench-stock-{self.name}"

    @property
    def root(self) -> str:
        """Where it lies on the host."""
        return f"/srv/stock/{self.name}"


@contextmanager
def stocks(host: str, *wanted: Stock) -> Iterator[None]:
    """Run stock roots on a host for a while, and have its firewall open for them."""
    ports = [str(port) for stock in wanted for port in (stock.smtp, stock.imaps)]
    _clear(host)
    try:
        for stock in wanted:
            _unpack(host, stock)
            _start(host, stock)
        allow = f"tcp dport {{ {', '.join(ports)} }} accept"
        on(host, "nft", "insert", "rule", "inet", "postwright", "input", allow)
        for stock in wanted:
            await_ports(host, stock)
        yield
    finally:
        _clear(host)


def await_ports(host: str, stock: Stock) -> None:
    """Wait until a stock root's daemons listen.

    Raises:
        BenchError: they do not within a minute.
    """
    ports = (stock.smtp, stock.imaps, *stock.local)
    on(host, "sh", "-ec", AWAIT, "sh", *map(str, ports))


def _clear(host: str) -> None:
    """Remove what a run left, a killed one too."""
    on(host, "systemctl", "stop", "bench-stock-*")
    on(host, "systemctl", "reload", "nftables")
    on(host, "rm", "-rf", "--one-file-system", "/srv/stock")


def _unpack(host: str, stock: Stock) -> None:
    lab = claims.find(ROOT)
    if lab is None:
        raise BenchError("this checkout has no lab yet; `scripts/lab up` makes it")
    place = lab.hosts[host]
    root = place.disk / stock.root.lstrip("/")
    images.unpack(images.ensure(images.Image(place.spec.release, stock.packages), print), root)
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="utf-8")
    script = f"set -e\n{PORTS}{stock.make}"
    ports = str(stock.smtp), str(stock.imaps)
    on(host, "chroot", stock.root, "sh", "-c", script, "sh", *ports)


def _start(host: str, stock: Stock) -> None:
    on(
        host, "systemd-run", "--quiet", "--collect", f"--unit={stock.unit}", "--service-type=exec",
        # Or systemd describes it by its script, line by line.
        f"--description={stock.unit}",
        f"--property=RootDirectory={stock.root}", "--property=MountAPIVFS=yes",
        "--property=BindPaths=/run/systemd/journal", "--property=TasksMax=infinity",
        "sh", "-c", f"{START}{stock.start}\nexec sleep infinity",
    )  # fmt: skip


def cpu_seconds(host: str, unit: str) -> float:
    """Return the processor time that a unit has used since it started."""
    return int(on(host, "systemctl", "show", "--value", "--property=CPUUsageNSec", unit)) / 1e9


def ended(console: Console, measure: Callable[[], Iterable[str]]) -> None:
    """Measure, and print what misses its aim. Exit status 1 where something does."""
    try:
        missed = list(measure())
    except BenchError as error:
        sys.exit(str(error))
    for each in missed:
        console.print(f"[red]misses its aim:[/] {each}")
    if missed:
        raise typer.Exit(1)
