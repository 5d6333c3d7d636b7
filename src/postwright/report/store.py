"""Results on disk: one JSON object a line, so that parallel writers only ever append."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """One check.

    Attributes:
        part: `inside` (tests on the host), `outside` (the probe) or `criteria` (Internet.nl's).
        subject: the host, port, account or way that was checked.
        check: stable id of the check.
        promise: what was expected, as a sentence.
        ok: whether it was so.
        seen: what was seen.
        seconds: how long the check took.
        mend: what the operator should do where it failed; empty where the promise says it.
        waived: why a failed check is no failure of the whole; empty where it is one.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    part: str
    subject: str
    check: str
    promise: str
    ok: bool
    seen: str
    seconds: float = 0.0
    mend: str = ""
    waived: str = ""


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Add results to a report file, which is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{entry.model_dump_json()}\n" for entry in entries)
    with path.open("a", encoding="utf-8") as out:
        out.write(text)


def read(path: Path) -> list[Entry]:
    """Return all results of a report file.

    Raises:
        FileNotFoundError: nothing has been verified yet.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Entry.model_validate_json(line) for line in lines]
