"""`postwright trace` on the lab's mail hosts."""

from __future__ import annotations

import json

from labkit import BIN, command


def traced(wanted: str, status: int = 0) -> list[tuple[str, str]]:
    """Return each event's host and what was said, of the last minutes."""
    words = ("trace", wanted, "-i", "inventory/lab", "--since", "-5 min", "--json")
    done = command(str(BIN / "postwright"), *words)
    assert done.returncode == status, done.stderr
    return [(each["host"], each["what"]) for each in json.loads(done.stdout)]
