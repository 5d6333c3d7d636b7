"""Other programs, run (role moving)."""

from __future__ import annotations

import subprocess


class MoveError(Exception):
    """What went wrong, and the mend."""


def run(
    *words: str,
    data: bytes | None = None,
    good: tuple[int, ...] = (0,),
    seconds: float | None = None,
) -> bytes:
    """Run a program and return what it printed.

    Raises:
        MoveError: it ended otherwise than it may, or not within so many seconds.
    """
    try:
        done = subprocess.run(
            words,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as late:
        raise MoveError(f"{' '.join(words[:3])} did not end within {seconds:.0f} s") from late
    if done.returncode not in good:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise MoveError(f"{' '.join(words[:3])} ended with {done.returncode}: {said[-800:]}")
    return done.stdout
