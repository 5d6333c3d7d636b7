"""Other programs, run (role moving)."""

from __future__ import annotations

import subprocess


class MoveError(Exception):
    """What went wrong, and the mend."""


def run(*words: str, data: bytes | None = None, good: tuple[int, ...] = (0,)) -> bytes:
    """Run a program and return what it printed.

    Raises:
        MoveError: it ended otherwise than it may.
    """
    done = subprocess.run(
        words,
        input=data,
        stdin=subprocess.DEVNULL if data is None else None,
        capture_output=True,
        check=False,
    )
    if done.returncode not in good:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise MoveError(f"{' '.join(words[:3])} ended with {done.returncode}: {said[-800:]}")
    return done.stdout
