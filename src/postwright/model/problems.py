"""What is wrong with an inventory, said so that the operator can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

HIDDEN = "(not shown: it may be a secret)"


class Problem(BaseModel):
    """One thing to mend.

    `file` and `line` are None where the value carries no origin (a plain dict, or JSON).
    `value` is text for the operator and never a secret.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None
    line: int | None
    key: str
    value: str | None
    message: str
    mend: str

    @property
    def place(self) -> str:
        """The file and line, the file relative to the working directory where it lies below it."""
        if self.file is None:
            return "(no file known)"
        path = Path(self.file)
        here = Path.cwd()
        shown = str(path.relative_to(here)) if path.is_relative_to(here) else self.file
        return shown if self.line is None else f"{shown}:{self.line}"

    def __str__(self) -> str:
        """Return the block of lines that an operator reads."""
        lines = [f"{self.place}  {self.key}"]
        if self.value is not None:
            lines.append(f"    value  {self.value}")
        lines.append(f"    wrong  {self.message}")
        lines.append(f"    mend   {self.mend}")
        return "\n".join(lines)


class InventoryError(Exception):
    """The inventory cannot be used; `problems` holds everything that was found in one run."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.text())

    def text(self) -> str:
        """Return all problems, one block each."""
        count = len(self.problems)
        head = (
            "The inventory has one problem:"
            if count == 1
            else f"The inventory has {count} problems:"
        )
        return "\n\n".join([head, *map(str, self.problems)])
