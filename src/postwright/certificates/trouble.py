"""What is wrong with a source of certificates."""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """One thing to mend: the variable or file it is about, what is wrong, and what to do."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        """Return the lines that an operator reads."""
        return f"{self.where}: {self.what}\n    mend: {self.mend}"
