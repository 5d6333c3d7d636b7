"""Which checkout has which lab number on this machine.

The number starts from a digest of the checkout's path; when another checkout
already holds it, the next free one is taken. A claim outlives `down`, so that a
lab keeps its addresses, and ends with `destroy` or with the checkout.
"""

import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from postwright.lab.plan import LABS, Lab

CLAIMS = Path("/var/lib/postwright/labs")


def choose(checkout: Path, taken: Mapping[int, Path]) -> int:
    """Choose a number for a checkout, given who holds which. ValueError when all are taken."""
    for number, owner in taken.items():
        if owner == checkout:
            return number
    start = int.from_bytes(hashlib.sha256(str(checkout).encode()).digest()[:4], "big") % LABS
    for step in range(LABS):
        number = (start + step) % LABS
        if number not in taken:
            return number
    raise ValueError(f"all {LABS} lab numbers are claimed in {CLAIMS}")


@contextmanager
def _registry() -> Iterator[dict[int, Path]]:
    CLAIMS.mkdir(parents=True, exist_ok=True)
    with (CLAIMS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taken = {}
        for file in CLAIMS.glob("[0-9]*"):
            owner = Path(file.read_text().strip())
            if (owner / ".lab").is_dir():
                taken[int(file.name)] = owner
            else:
                file.unlink()
        yield taken


def claim(checkout: Path) -> Lab:
    """The lab of this checkout, claimed now if it was not yet."""
    (checkout / ".lab").mkdir(mode=0o755, exist_ok=True)
    with _registry() as taken:
        number = choose(checkout, taken)
        (CLAIMS / str(number)).write_text(f"{checkout}\n")
    return Lab(checkout, number)


def find(checkout: Path) -> Lab | None:
    """The lab of this checkout, if it has one."""
    with _registry() as taken:
        for number, owner in taken.items():
            if owner == checkout:
                return Lab(checkout, number)
    return None


def release(lab: Lab) -> None:
    """Give the number back."""
    with _registry() as taken:
        if taken.get(lab.number) == lab.checkout:
            (CLAIMS / str(lab.number)).unlink()
