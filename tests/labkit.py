"""What scenarios on the lab share: commands on hosts, and runs of a playbook."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postwright.lab import claims
from postwright.lab.plan import Lab

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
MAIL_HOSTS = ("mx1", "mx2")


def command(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout; its output is kept and shown where a test fails."""
    done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False, **options)
    print(f"$ {' '.join(words)}\n{done.stdout[-6000:]}{done.stderr[-3000:]}")
    return done


def lab(*words: str, **options: Any) -> str:
    """Run scripts/lab and return its output."""
    done = command("scripts/lab", *words, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def this_lab() -> Lab:
    """Return this checkout's lab, which has been brought up."""
    found = claims.find(ROOT)
    assert found is not None
    return found


def on(host: str, *words: str, status: int | None = 0) -> str:
    """Run a command on a lab host and return its standard output."""
    done = command("scripts/lab", "exec", host, "--", *words)
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done.stdout


def flush_zone(*hosts: str, zone: str = "test") -> None:
    """Have the resolvers on lab hosts forget a zone, as they do after its TTL."""
    for host in hosts:
        on(host, "unbound-control", "-q", "flush_zone", zone)


@dataclass(frozen=True)
class Play:
    """One run of a playbook."""

    status: int
    output: str
    seconds: float

    def recap(self) -> dict[str, dict[str, int]]:
        """Return Ansible's counters by host."""
        text = self.output.split("PLAY RECAP")[-1]
        return {
            match.group(1): {
                key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", match.group(2))
            }
            for match in re.finditer(r"^(\S+)\s+: (ok=.*)$", text, re.MULTILINE)
        }


def play(*words: str, inventory: str = "inventory/lab") -> Play:
    """Run ansible-playbook on the lab."""
    start = time.monotonic()
    done = command(str(BIN / "ansible-playbook"), "-i", inventory, *words)
    return Play(done.returncode, done.stdout + done.stderr, time.monotonic() - start)


@dataclass(frozen=True)
class Site:
    """What the runs on bare hosts printed, in order: a dry one, the phases, and the whole again."""

    check: Play
    before_cutover: dict[str, list[int]]
    untried_policy: str
    second: Play
    report: Path


def answering(facts: dict[str, Any], host: str) -> list[int]:
    """Return which mail ports of a host answer from the client."""
    script = (
        "import socket,sys\n"
        "for port in (25,110,143,465,587,993,995,2000,4190):\n"
        "    try: socket.create_connection((sys.argv[1], port), 1).close(); print(port)\n"
        "    except OSError: pass\n"
    )
    addresses = (facts["hosts"][host]["ipv4"], facts["hosts"][host]["ipv6"])
    found = [on("client", "python3", "-c", script, address) for address in addresses]
    return sorted({int(port) for text in found for port in text.split()})
