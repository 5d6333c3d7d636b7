"""Run commands, with errors that say what failed."""

import fcntl
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from postwright.lab.errors import LabError

# No command may outlive a killed `up` and go on writing: this ties it to our thread.
_TIED = ("setpriv", "--pdeathsig", "KILL", "--")
# For commands with children of their own: ties a whole PID and mount namespace to it.
CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")


def run(
    command: Sequence[str | Path], *, text: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output. LabError, with its last lines, when it fails."""
    done = subprocess.run(
        [*_TIED, *(str(part) for part in command)],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        shown = shlex.join(str(part) for part in command)
        raise LabError(f"exit status {done.returncode} from: {shown[:300]}\n{tail}")
    return done


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel gives it back when the process dies.

    `waiting` is called when somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file below directories that may not exist yet, replacing it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=mode)
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)
