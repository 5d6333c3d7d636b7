"""What can be wrong with a report or with where it lies, said with its name and the way out."""

from __future__ import annotations

from pydantic import ValidationError


class ReportError(Exception):
    """Something that cannot be read; `what` is wrong and `mend` is what to do."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n    mend: {mend}" if mend else what)


def misfit(error: ValidationError) -> str:
    """Return where a report departs from its format, without the value: a stranger wrote it."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(printable(str(part)) for part in first["loc"])
    return f"{place or 'the document'}: {printable(first['msg'])}"


def printable(text: str, limit: int = 200) -> str:
    """Return text of a stranger on one line, without what could steer a terminal."""
    line = "".join(c if c.isprintable() else " " for c in text[: limit * 4])
    return " ".join(line.split())[:limit]
