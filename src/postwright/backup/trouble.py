"""What goes wrong with a backup, with what to do about it (role backup)."""

from __future__ import annotations


class TroubleError(Exception):
    """Something is wrong; `said` is what was seen and `mend` what the operator can do."""

    def __init__(self, said: str, mend: str) -> None:
        super().__init__(f"{said}\nmend: {mend}")
        self.said, self.mend = said, mend
