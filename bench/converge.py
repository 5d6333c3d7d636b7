"""How long a converge takes against its floor: apt-get install of the same packages.

Everything is measured in one run on the lab's mx1 and mx2, both at once, on new disks that hold
the same .debs. Floor and first converge both include `apt-get update`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
HOSTS = ("mx1", "mx2")
FIRST_RATIO = 3.0
AGAIN_SECONDS = 10.0
APT = "DEBIAN_FRONTEND=noninteractive apt-get -q -y"
console = Console()


@dataclass
class Site:
    """One run of site.yml: seconds by phase, and how many tasks changed something."""

    phases: dict[str, float] = field(default_factory=dict)
    changed: int = 0

    @property
    def whole(self) -> float:
        """All phases."""
        return sum(self.phases.values())

    @property
    def converge(self) -> float:
        """All phases but the proof."""
        return self.whole - self.phases["verify"]


def run(*words: str) -> None:
    """Run a command in the checkout; the bench ends where it fails."""
    done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def everywhere(script: str) -> float:
    """Run a shell script on all hosts at once; return the seconds until the last has ended."""
    start = time.monotonic()
    running = [
        subprocess.Popen(
            ["scripts/lab", "exec", host, "--", "sh", "-ec", script],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for host in HOSTS
    ]
    for process in running:
        output, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{script}\n{output[-4000:]}")
    return time.monotonic() - start


def bare() -> None:
    """Give the hosts new disks, and the name server its first zones."""
    console.print("[dim]new disks[/]")
    run("scripts/lab", "reset", *HOSTS, "ns1")


def packages() -> Sequence[str]:
    """Return what the roles install: one list, which all of them share."""
    text = (ROOT / "roles/packages/vars/main.yml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)["packages_names"])


def plays() -> dict[str, str]:
    """Return site.yml's phases by the names of their plays, as Ansible prints them."""
    names = {}
    for phase in yaml.safe_load((ROOT / "site.yml").read_text(encoding="utf-8")):
        book = ROOT / phase["import_playbook"]
        for play in yaml.safe_load(book.read_text(encoding="utf-8")):
            names[play["name"]] = book.stem
    return names


def site() -> Site:
    """Run site.yml; a phase lasts from its first play's heading to the next phase's."""
    names, result = plays(), Site()
    lines: list[str] = []
    phase, since = next(iter(names.values())), time.monotonic()
    with subprocess.Popen(
        [".venv/bin/ansible-playbook", "-i", "inventory/lab", "site.yml"],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            found = re.match(r"PLAY (?:\[(.*)\]|RECAP)", line)
            if found:
                now = time.monotonic()
                result.phases[phase] = result.phases.get(phase, 0) + now - since
                phase, since = names.get(found.group(1) or "", phase), now
            if counted := re.search(r" changed=(\d+)", line):
                result.changed += int(counted.group(1))
    if process.returncode:
        sys.exit("".join(lines)[-6000:])
    return result


def shares(work: Site) -> str:
    """Return the phases' seconds as one line."""
    return ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in work.phases.items())


def verdict(kept: bool) -> str:
    """Return a word in its colour."""
    return "[green]kept[/]" if kept else "[red]missed[/]"


def main() -> None:
    """Measure and compare. Exit status 1 where the first converge misses its aim."""
    names = " ".join(packages())
    run("scripts/lab", "up")
    bare()
    console.print("packages are downloaded once, so that nothing below is the mirror's speed")
    everywhere(f"{APT} update; {APT} install --no-install-recommends --download-only {names}")
    bare()
    console.print("floor: apt-get update, apt-get install --no-install-recommends")
    floor = everywhere(f"{APT} update; {APT} install --no-install-recommends {names}")
    bare()
    console.print("first converge: site.yml on bare hosts")
    first = site()
    console.print("converge with nothing to change: site.yml again")
    again = site()
    if again.changed:
        sys.exit(f"the second run changed {again.changed} things: there is nothing to measure")

    ratio = first.converge / floor
    table = Table("work", "floor s", "ours s", "ratio", "aim", "", box=None)
    table.add_row(
        "first converge of bare hosts",
        *(f"{floor:.1f}", f"{first.converge:.1f}", f"{ratio:.2f}", f"<= {FIRST_RATIO:.1f}x"),
        verdict(ratio <= FIRST_RATIO),
    )
    whole = f"{first.whole:.1f}", f"{first.whole / floor:.2f}"
    table.add_row("  and its proof (verify)", f"{floor:.1f}", *whole, "none", "")
    kept = verdict(again.converge <= AGAIN_SECONDS)
    table.add_row(
        "converge with nothing to change",
        *("", f"{again.converge:.1f}", "", f"<= {AGAIN_SECONDS:.0f} s", kept),
    )
    table.add_row("  and its proof (verify)", "", f"{again.whole:.1f}", "", "none", "")
    console.print(table)
    console.print(f"\nseconds by phase, first: {shares(first)}", soft_wrap=True)
    console.print(f"seconds by phase, again: {shares(again)}", soft_wrap=True)
    console.print(
        f"\n{len(names.split())} packages and what they depend on; both hosts at once; .debs on"
        " disk in both;\n`apt-get update` in both."
    )
    if ratio > FIRST_RATIO:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
