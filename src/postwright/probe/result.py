"""What a check found, in words for the operator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """One check of one subject.

    Attributes:
        check: stable id of the check, such as `relay_without_auth`.
        subject: what was checked: host, port, address family or account.
        promise: what a good server does, as a sentence.
        ok: whether it did.
        seen: what was seen on the wire.
        source: the RFC or manual that the promise comes from; empty for our own rules.
        seconds: how long the check took.
    """

    check: str
    subject: str
    promise: str
    ok: bool
    seen: str
    source: str = ""
    seconds: float = 0.0


@dataclass
class Recorder:
    """Collects results; a check that ends in an exception is a failed check, never a lost one."""

    results: list[Result] = field(default_factory=list)

    def check(
        self,
        check: str,
        subject: str,
        promise: str,
        look: Callable[[], tuple[bool, str]],
        source: str = "",
    ) -> bool:
        """Run one look, which returns (ok, what was seen), and record it."""
        start = time.monotonic()
        try:
            ok, seen = look()
        except Exception as error:  # whatever went wrong, the operator must see it
            ok, seen = False, f"{type(error).__name__}: {error}"
        spent = round(time.monotonic() - start, 3)
        self.results.append(Result(check, subject, promise, ok, seen, source, spent))
        return ok

    def dump(self) -> list[dict[str, Any]]:
        """Return the results as plain data."""
        return [asdict(result) for result in self.results]


@contextmanager
def awaited(seconds: float, pause: float = 0.25) -> Iterator[Callable[[], bool]]:
    """Give a function that is true until the time is over, pausing between two tries."""
    end = time.monotonic() + seconds
    tries = 0

    def again() -> bool:
        nonlocal tries
        tries += 1
        if tries == 1:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
        return True

    yield again
