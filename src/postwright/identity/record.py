"""What others know a host by, as the host itself remembers it (role base writes it down)."""

from __future__ import annotations

import json
from pathlib import Path

from .change import Known

MAILNAME = Path("/etc/mailname")


def remembered(state: Path) -> Known | None:
    """Return what others know this host by, None where it was never set up.

    A host that was set up before that was written down goes by the name in mailname(5).
    """
    file = state / "identity.json"
    if file.exists():
        return Known(**json.loads(file.read_text("utf-8")))
    if any((state / "loaded").glob("postfix*")):
        return Known(MAILNAME.read_text("utf-8").strip())
    return None
