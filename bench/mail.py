"""Mail beside Debian's stock Postfix, Dovecot and Rspamd: deliveries, memory and IMAP.

Ours and stock run on the same hosts, in turns, in one run: the machine is noisy. It takes the
lab's mail hosts as site.yml built them, which bench/converge.py leaves behind.
"""

from __future__ import annotations

import time
from statistics import median

import typer
from rich.console import Console
from rich.table import Table

from bench.mail_hosts import DOMAINS, FILTERING, PLAIN, accounts
from bench.mail_measure import (
    Contender,
    Rate,
    delivered,
    held,
    imap,
    memory,
    ours,
    running,
    spent,
    stock,
)
from bench.ours import unfiltered, unlimited
from bench.stock import BenchError, await_ports, ended, on, stocks

RATE_AIM, MEMORY_AIM = 0.9, 1.2
SESSIONS = 1000
# Dovecot hibernates an idle session after 30 s (role dovecot).
SETTLING = 180
QUIET = 10
console = Console()


def at_rest(host: str, units: tuple[str, ...]) -> None:
    """Wait until units are at rest: Rspamd compiles its patterns after a start."""
    end = time.monotonic() + SETTLING
    before = spent(host, units)
    while time.monotonic() < end:
        time.sleep(QUIET)
        now = spent(host, units)
        if now - before < QUIET * 0.02:
            return
        before = now
    raise BenchError(f"{host}: {', '.join(units)} do not come to rest")


class Report:
    """The table of one host, and what misses its aim."""

    def __init__(self, host: str) -> None:
        self.host, self.missed = host, list[str]()
        self.table = Table(title=f"{host}: beside Debian's stock daemons", box=None)
        for column in ("", "stock", "ours", "ratio", "aim", "CPU ms", "ours", "ratio"):
            self.table.add_column(column, justify="right" if column else "left")

    def rates(self, title: str, stock_rates: list[Rate], our_rates: list[Rate]) -> None:
        """Add what is done in a second."""
        console.print(f"[dim]{self.host}: {title}: {stock_rates}, ours {our_rates}[/]")
        pairs = list(zip(stock_rates, our_rates, strict=True))
        ratio = median(b.per_second / a.per_second for a, b in pairs)
        self.table.add_row(
            title,
            *(f"{median(e.per_second for e in side):.0f}" for side in (stock_rates, our_rates)),
            *(f"{ratio:.2f}", f">= {RATE_AIM}x"),
            *(f"{median(e.cost for e in side):.2f}" for side in (stock_rates, our_rates)),
            f"{median(b.cost / a.cost for a, b in pairs):.2f}",
        )
        if ratio < RATE_AIM:
            self.missed.append(f"{self.host}, {title}: {ratio:.2f}x, not {RATE_AIM}x")

    def sizes(self, title: str, theirs: float, own: float, aim: float | None = None) -> None:
        """Add what takes memory."""
        console.print(f"[dim]{self.host}: {title}: {theirs:.1f}, ours {own:.1f}[/]")
        shown = f"<= {aim}x" if aim else ""
        self.table.add_row(title, f"{theirs:.1f}", f"{own:.1f}", f"{own / theirs:.2f}", shown)
        if aim and own > aim * theirs:
            self.missed.append(f"{self.host}, {title}: {own / theirs:.2f}x, not {aim}x")


def idle(host: str, report: Report) -> None:
    """Compare memory after a fresh start of both."""
    own, theirs = ours(host), stock(FILTERING)
    everything = running(host)
    on(host, "systemctl", "restart", *everything)
    await_ports(host, FILTERING)
    at_rest(host, (*own.units, *theirs.units))
    stock_mib = memory(host, theirs.units)
    report.sizes("idle MiB: Postfix, Dovecot, Rspamd", stock_mib, memory(host, own.units[:3]))
    report.sizes("idle MiB: everything on", stock_mib, memory(host, everything), MEMORY_AIM)


def deliveries(host: str, report: Report, rounds: int, messages: int) -> None:
    """Compare deliveries, in turns: without a filter, and with Rspamd."""
    own = ours(host)
    bare: tuple[list[Rate], list[Rate]] = [], []
    filtered: tuple[list[Rate], list[Rate]] = [], []
    for _ in range(rounds):
        bare[0].append(delivered(host, stock(PLAIN), messages))
        with unfiltered(host):
            bare[1].append(delivered(host, own, messages))
        filtered[0].append(delivered(host, stock(FILTERING), messages))
        filtered[1].append(delivered(host, own, messages))
    report.rates("deliveries/s, no filter", *bare)
    report.rates("deliveries/s, Rspamd", *filtered)


def mailboxes(host: str, report: Report, rounds: int, seconds: float) -> None:
    """Compare log-ins and fetches, in turns."""
    for kind in ("logins", "fetches"):
        pairs = [
            [imap(host, one, kind, seconds) for one in (stock(PLAIN), ours(host))]
            for _ in range(rounds)
        ]
        report.rates(f"IMAP {kind}/s", *(list(side) for side in zip(*pairs, strict=True)))


def sessions(host: str, report: Report) -> None:
    """Hold a thousand sessions that wait for mail, and compare the memory of each."""
    counts, sizes = [], []
    for one in (stock(PLAIN), ours(host)):
        units = ("dovecot",) if one.name == "ours" else one.units
        before = memory(host, units)
        with held(host, one, SESSIONS) as done:
            _hibernating(host, one)
            counts.append(done["made"])
            sizes.append((memory(host, units) - before) / done["made"] * 1024)
    report.table.add_row("IMAP sessions held", *(f"{count:.0f}" for count in counts), "", "1000")
    report.sizes("KiB for each of them", *sizes)
    if counts[1] < SESSIONS:
        report.missed.append(f"{host}: {counts[1]} of {SESSIONS} sessions were held")


def _hibernating(host: str, one: Contender) -> None:
    at_rest(host, one.units)
    if one.name != "ours":
        return
    end = time.monotonic() + SETTLING
    while int(on(host, "sh", "-c", "pgrep -cx imap || true")) > SESSIONS // 10:
        if time.monotonic() > end:
            raise BenchError(f"{host}: sessions do not hibernate")
        time.sleep(1)


def measured(hosts: list[str], rounds: int, seconds: float, messages: int) -> list[str]:
    """Print the tables, and return what misses its aim.

    Raises:
        BenchError: a command failed, because the hosts are not built, say.
    """
    missed = []
    with accounts():
        for host in hosts:
            report = Report(host)
            with stocks(host, PLAIN, FILTERING), unlimited(host, "peer"):
                idle(host, report)
                deliveries(host, report, rounds, messages)
                mailboxes(host, report, rounds, seconds)
                sessions(host, report)
            console.print(report.table)
            missed += report.missed
    return missed


def main(
    host: list[str] | None = None, rounds: int = 3, seconds: float = 4, messages: int = 1000
) -> None:
    """Measure on both releases. Exit status 1 where an aim is missed."""
    ended(console, lambda: measured(host or list(DOMAINS), rounds, seconds, messages))


if __name__ == "__main__":
    typer.run(main)
