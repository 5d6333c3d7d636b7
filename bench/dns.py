"""DNS for 1,000 zones, beside octoDNS, on the same servers in the same run.

At the local server that speaks Cloudflare's API, time is virtual: 1,200 requests in five minutes.
At Knot it is the machine's. Each contender has a process of its own, in which its server runs too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from bench.dns_zones import RECORDS, ZONES

PAGES = 50
"""Zones on a page of Cloudflare's listing."""

RATE = 1200 / 300
"""Requests a second."""

AIM = 1.2
MEBIBYTES = 300
console = Console()
Rounds = dict[str, Any]


def run(provider: str, who: str, zones: int) -> Rounds:
    """Return what a contender took."""
    words = [sys.executable, "-m", "bench.dns_run", provider, who, str(zones)]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{who} at {provider}\n{done.stderr[-4000:]}")
    found: Rounds = json.loads(done.stdout)
    return found


def cloudflare(zones: int) -> list[str]:
    """Run both at Cloudflare's API, print the table, and return what misses its aim."""
    ours, theirs = (run("cloudflare", who, zones) for who in ("postwright", "octodns"))
    pages = -(-zones // PAGES) + 1
    table = Table(title=f"{zones} zones of {RECORDS} records, Cloudflare's API, virtual time")
    for column in ("", "requests", "of the floor", "time", "of the floor", "octoDNS", "octoDNS"):
        table.add_column(column, justify="right" if column else "left")
    missed = []
    for what, key, each in (("all is made", "made", 2), ("nothing to do", "again", 1)):
        floor = each * zones + pages
        mine, other = ours[key], theirs[key]
        requests, time = mine["requests"] / floor, mine["virtual"] / (floor / RATE)
        table.add_row(
            what, f"{mine['requests']:,}", f"{requests:.2f}", f"{mine['virtual']:,.0f} s",
            f"{time:.2f}", f"{other['requests']:,} requests", f"{other['virtual']:,.0f} s",
        )  # fmt: skip
        missed += [f"{what}: {requests:.2f} of the least requests"] * (requests > 1)
        missed += [f"{what}: {time:.2f} of the least time"] * (time > AIM)
    console.print(table)
    return [*missed, *_memory(ours, theirs)]


def knot(zones: int) -> list[str]:
    """Run both at Knot, print the table, and return what misses its aim."""
    ours, theirs = (run("knot", who, zones) for who in ("postwright", "octodns"))
    table = Table(title=f"{zones} zones of {RECORDS} records, Knot")
    for column in ("", "Postwright", "octoDNS", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    missed = []
    for what, key in (("all is made", "made"), ("nothing to do", "again")):
        ratio = ours[key]["seconds"] / theirs[key]["seconds"]
        table.add_row(
            what, f"{ours[key]['seconds']:.1f} s", f"{theirs[key]['seconds']:.1f} s", f"{ratio:.2f}"
        )
        missed += [f"{what} at Knot: {ratio:.2f} of octoDNS's time"] * (ratio > 1)
    console.print(table)
    return [*missed, *_memory(ours, theirs)]


def _memory(ours: Rounds, theirs: Rounds) -> list[str]:
    mine, other = ours["mebibytes"], theirs["mebibytes"]
    console.print(f"Memory at most, server included: {mine:.0f} MiB; octoDNS {other:.0f} MiB\n")
    return [f"{mine:.0f} MiB"] * (mine > MEBIBYTES)


def main(zones: int = ZONES) -> None:
    """Measure both providers and say what misses its aim."""
    missed = [*cloudflare(zones), *knot(zones)]
    for each in missed:
        console.print(f"[yellow]misses its aim:[/] {each}")


if __name__ == "__main__":
    typer.run(main)
