"""Commands of the host (role limits)."""

from __future__ import annotations

import subprocess
import sys


def run(*words: str, text: str = "") -> str:
    """Run a command and return its output.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(words, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words[:2])}: {done.stderr.strip() or done.returncode}")
    return done.stdout
