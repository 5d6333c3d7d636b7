"""Where it is written down on a host what a systemd unit has loaded.

Standard library only.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/var/lib/postwright/loaded")


def record(unit: str) -> Path:
    """Return the file in which the module `daemon` notes what a unit has loaded."""
    return FOLDER / f"{unit}.json"
