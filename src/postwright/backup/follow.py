"""The unit that brings parts of a backup back: started, and followed to its end (role backup).

It is a unit of its own, so that neither a connection that breaks nor a run that is killed ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .fetch import Request, read_request, write_request
from .status import write_down
from .trouble import TroubleError

UNIT = "postwright-backup-restore.service"
OUTCOME = Path("/var/lib/postwright/restored.json")
LOOK = 0.25
"""Seconds between two looks at the unit."""
GB = 10**9


@dataclass(frozen=True)
class Progress:
    """How far it is: whether it is done, and what there is to say of it."""

    done: bool
    said: str


def start(request: Request) -> None:
    """Start bringing it back, once whatever is under way is done."""
    while running():
        time.sleep(LOOK)
    write_request(replace(request, used=_used(Path(request.to))))
    _systemctl("reset-failed", UNIT)
    done = _systemctl("start", "--no-block", UNIT)
    if done.returncode:
        raise TroubleError(done.stderr.strip(), f"systemctl status {UNIT}")


def follow(seconds: float) -> Progress:
    """Wait so long at most for what was started; return how far it is.

    Raises:
        TroubleError: it failed.
    """
    request, end = read_request(), time.monotonic() + seconds
    while running() and time.monotonic() < end:
        time.sleep(LOOK)
    if running():
        return Progress(done=False, said=_fetched(request))
    if (said := _outcome(request.token)) is None:
        invocation = _systemctl("show", "-P", "InvocationID", UNIT).stdout.strip()
        journal = subprocess.run(
            ["journalctl", "--quiet", "--no-pager", "--output=cat", "-t", "postwright-backup",
             f"_SYSTEMD_INVOCATION_ID={invocation}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        # Whoever asked hears of it: it is nothing that an alarm has to tell.
        _systemctl("reset-failed", UNIT)
        said, _, mend = journal.stdout.strip().rpartition("\nmend: ")
        raise TroubleError(said or journal.stdout.strip() or f"{UNIT} failed",
                           mend or f"journalctl -u {UNIT}; then run the same again")  # fmt: skip
    return Progress(done=True, said=said)


def ended(request: Request, said: str) -> None:
    """Write down that it is done."""
    write_down(OUTCOME, {"token": request.token, "said": said})


def _outcome(token: str) -> str | None:
    if not OUTCOME.exists():
        return None
    known = json.loads(OUTCOME.read_text(encoding="utf-8"))
    return str(known["said"]) if known["token"] == token else None


def running() -> bool:
    """Tell whether something is being brought back now, or is about to be."""
    told = _systemctl("show", "-P", "ActiveState", "-P", "Job", UNIT).stdout.split()
    return bool({"activating", "active", "deactivating"} & set(told)) or any(
        each.isdigit() and each != "0" for each in told
    )


def _fetched(request: Request) -> str:
    """Say how much was fetched, as the file system tells: to look at each file would cost more."""
    fetched = max(0, _used(Path(request.to)) - request.used)
    if not request.size:
        return f"{fetched / GB:.1f} GB fetched"
    return f"about {min(fetched, request.size) / GB:.1f} of {request.size / GB:.1f} GB fetched"


def _used(place: Path) -> int:
    """Return how many bytes are used on the file system of a place, which need not be there yet."""
    while not place.exists():
        place = place.parent
    told = os.statvfs(place)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
