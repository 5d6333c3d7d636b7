"""What our TLS costs: handshakes a second beside the stock host, and look-ups for each message.

Ours and stock run on the same hosts, in turns, in one run: the machine is noisy. It takes the
lab's mail hosts as site.yml built them, which bench/converge.py leaves behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from bench import tls_promises
from bench.ours import addresses, unlimited
from bench.stock import POSTFIX, ROOT, Stock, cpu_seconds, ended, on, stocks

P256 = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=stock"
    " -keyout /etc/ssl/private/ssl-cert-snakeoil.key -out /etc/ssl/certs/ssl-cert-snakeoil.pem"
    " 2>/dev/null"
)
# Debian's snakeoil key is RSA-2048; ours is P-256.
SAME_KEY = Stock("P-256", 20025, 20993, P256)
STOCKS = (Stock("RSA-2048", 10025, 10993), SAME_KEY)
AIM = 0.9
"""Of the stock host's handshakes a second with a key like ours."""

LOAD = (ROOT / "bench" / "tls_load.py").read_text(encoding="utf-8")
CLIENT = "/run/bench-tls.cnf"
console = Console()


class Case(NamedTuple):
    """What is asked of a port, and at which hosts."""

    title: str
    port: int
    groups: str
    resume: bool = False
    hosts: tuple[str, ...] = tuple(POSTFIX)


CASES = (
    Case("IMAP X25519", 993, "X25519"),
    Case("IMAP X25519MLKEM768", 993, "X25519MLKEM768", hosts=("mx1",)),
    Case("IMAP resumed", 993, "X25519", resume=True),
    Case("SMTP X25519", 25, "X25519"),
    Case("SMTP X25519MLKEM768", 25, "X25519MLKEM768", hosts=("mx1",)),
    Case("SMTP resumed", 25, "X25519", resume=True),
)


@dataclass(frozen=True)
class Contender:
    """Ours or stock: the unit whose processor time counts, and the port."""

    name: str
    unit: str
    port: int


@dataclass
class Measured:
    """What was seen of a contender, a value for each round."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Milliseconds of the server's processor for a connection."""

    resumed: list[float] = field(default_factory=list)


def contenders(host: str, case: Case) -> list[Contender]:
    """Return who answers on a host: ours first, and the stock ones on ports of their own."""
    smtp = case.port == 25
    ours = POSTFIX[host] if smtp else "dovecot"
    return [
        Contender("ours", ours, case.port),
        *(Contender(each.name, each.unit, each.smtp if smtp else each.imaps) for each in STOCKS),
    ]


def offer(groups: str) -> None:
    """Have the client offer TLS 1.3 with these groups."""
    text = (
        "openssl_conf = main\n[main]\nssl_conf = all\n[all]\nsystem_default = tls\n"
        f"[tls]\nMinProtocol = TLSv1.3\nGroups = {groups}\n"
    )
    on("client", "tee", CLIENT, text=text)


def measure(host: str, case: Case, rounds: int, seconds: float) -> dict[str, Measured]:
    """Load all contenders in turns."""
    offer(case.groups)
    found = {each.name: Measured() for each in contenders(host, case)}
    for _ in range(rounds):
        for each in contenders(host, case):
            before = cpu_seconds(host, each.unit)
            done = _load(host, each.port, case, seconds)
            used = cpu_seconds(host, each.unit) - before
            if made := done["made"]:
                found[each.name].rates.append(made / done["seconds"])
                found[each.name].costs.append(used / made * 1000)
                found[each.name].resumed.append(done["resumed"] / made)
    return found


def _load(host: str, port: int, case: Case, seconds: float) -> dict[str, Any]:
    kind = "resume" if case.resume else "full"
    done: dict[str, Any] = json.loads(
        on(
            "client", "env", f"OPENSSL_CONF={CLIENT}", "python3", "-",
            addresses(host)["ipv4"], str(port), str(seconds), kind, text=LOAD,
        )
    )  # fmt: skip
    return done


def compare(host: str, rounds: int, seconds: float) -> tuple[Table, list[str]]:
    """Return the table of one host, and what misses its aim."""
    table = Table(title=f"{host}: TLS connections a second, and the server's CPU for one", box=None)
    table.add_column("")
    for column in ("per s", "RSA", "P-256", "ratio", "ms", "RSA", "P-256", "ratio", "resumed"):
        table.add_column(column, justify="right")
    missed = []
    for case in (case for case in CASES if host in case.hosts):
        found = measure(host, case, rounds, seconds)
        ours, stock = found["ours"], found[SAME_KEY.name]
        ratio, cost = _ratio(ours.rates, stock.rates), _ratio(ours.costs, stock.costs)
        table.add_row(
            case.title,
            *(*(_middle(each.rates) for each in found.values()), _shown(ratio)),
            *(*(_middle(each.costs) for each in found.values()), _shown(cost)),
            _share(ours.resumed),
        )
        if not ours.rates:
            missed.append(f"{host}, {case.title}: no connection at all")
        elif ratio and ratio < AIM:
            missed.append(f"{host}, {case.title}: {ratio:.2f} of the stock host's, not {AIM}")
    return table, missed


def _ratio(ours: list[float], stock: list[float]) -> float | None:
    """Return the middle of the rounds' ratios; None where one of both made no connection."""
    return median(a / b for a, b in zip(ours, stock, strict=False)) if ours and stock else None


def _middle(values: Iterable[float]) -> str:
    known = list(values)
    return f"{median(known):.3g}" if known else "none"


def _shown(ratio: float | None) -> str:
    return f"{ratio:.2f}" if ratio else ""


def _share(values: list[float]) -> str:
    return f"{median(values):.0%}" if values else ""


def measured(rounds: int, seconds: float) -> list[str]:
    """Print all tables, and return what misses its aim.

    Raises:
        BenchError: a command failed, because the hosts are not built, say.
    """
    missed = []
    for host in POSTFIX:
        with stocks(host, *STOCKS), unlimited(host, "client"):
            table, slow = compare(host, rounds, seconds)
        console.print(table)
        missed += slow
    console.print(
        "\nours, then the stock host with Debian's RSA-2048 key and with P-256 as ours is; ratios"
        f" are to the latter,\nthe middle of {rounds} rounds. Client and server share the"
        " machine's processors.\n",
        soft_wrap=True,
    )
    for table, slow in tls_promises.compare(POSTFIX):
        console.print(table)
        missed += slow
    return missed


def main(rounds: int = 3, seconds: float = 3) -> None:
    """Measure on both releases. Exit status 1 where an aim is missed."""
    ended(console, lambda: measured(rounds, seconds))


if __name__ == "__main__":
    typer.run(main)
