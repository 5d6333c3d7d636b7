"""The power of both mail hosts is cut while mail flows: what they answered for is there again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

import fault_count
import fault_power
import fault_ways
from drill_kill import Say
from fault_drill import DRAINED, back, said, show
from fault_mail import Ledger, flowing
from fault_power import Power
from fault_ways import everywhere, inside
from labkit import MAIL_HOSTS, lab
from labmail import Post

# imaplib leaves a connection that breaks to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

LETTERS = 500
FLOWING = 20.0
"""Seconds of mail before the cut: longer than ext4 keeps what is not synced (5 s, data 30 s)."""
BACK = 90.0
"""Seconds from power on until new mail has arrived on each route."""


@pytest.fixture(scope="module")
def power(post: Post, say: Say) -> Iterator[Power]:
    """Both hosts on disks whose power can be cut; their own disks afterwards."""
    supply = fault_power.supply()
    supply.remove()
    say("both hosts move to disks whose power can be cut")
    try:
        supply.install()
        supply.on()
        yield supply
    finally:
        supply.remove()
        lab("up")


def test_what_was_answered_for_survives_a_power_cut(post: Post, power: Power, say: Say) -> None:
    ledger = Ledger()
    with flowing(post, ledger, "power cut", least=LETTERS) as load:
        end = time.monotonic() + FLOWING
        while time.monotonic() < end:
            time.sleep(0.5)
        before = sum(letter.accepted for letter in load.letters)
        everywhere(_write)
        cut = power.cut()
        say(f"power cut after {before} letters were accepted")
        power.on()
        start = time.monotonic()
        say(f"both hosts are up {time.time() - cut:.0f} s after the cut")
        seconds = back(post, ledger, "power cut", start, BACK)
    say(said("power cut", load, seconds))
    assert before > LETTERS // 4
    kept = everywhere(_read)
    say(f"files written just before the cut that are whole after it: {kept}")
    fault_ways.drained(DRAINED)
    found, told = fault_count.copies(post), fault_count.knowing()
    verdict = fault_count.judged(ledger.letters, found, told, cut)
    show(verdict, say)
    # Otherwise nothing was proven: what nobody synced must be gone.
    assert kept == dict.fromkeys(MAIL_HOSTS, "synced 20 of 20, unsynced 0 of 20")
    assert verdict.ok
    assert max(seconds.values()) <= BACK


_WRITE = """
import os
for number in range(20):
    for kind in ("synced", "unsynced"):
        with open(f"/var/vmail/{kind}{number}", "wb") as file:
            file.write(b"x" * 5000)
            file.flush()
            if kind == "synced":
                os.fsync(file.fileno())
"""
_READ = """
from pathlib import Path
said = []
for kind in ("synced", "unsynced"):
    files = [Path(f"/var/vmail/{kind}{number}") for number in range(20)]
    whole = sum(file.is_file() and file.read_bytes() == b"x" * 5000 for file in files)
    said.append(f"{kind} {whole} of 20")
print(", ".join(said))
"""


def _write(host: str) -> None:
    inside(host, "python3", "-c", _WRITE)


def _read(host: str) -> str:
    return inside(host, "python3", "-c", _READ).strip()
