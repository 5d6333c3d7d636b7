"""`postwright freeze`, `release` and `frozen` on the lab's mail hosts."""

from __future__ import annotations

import json
from typing import Any

from labkit import BIN, command


def postwright(*words: str, status: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Run a verb; return what each host did, by host."""
    done = command(str(BIN / "postwright"), *words, "-i", "inventory/lab", "--json")
    assert done.returncode == status, done.stderr
    return {each["host"]: each["reports"] for each in json.loads(done.stdout)}


def frozen_anywhere() -> set[tuple[str, str]]:
    """Return each host with each account that is frozen there."""
    return {(host, each["login"]) for host, some in postwright("frozen").items() for each in some}
