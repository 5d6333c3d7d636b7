"""What an account has beside its mailbox: app passwords, and whether it is frozen (role moving)."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from .shell import run

APP_PASSWORDS = Path("/var/lib/postwright/app-passwords")
LIMITS = "/usr/local/sbin/postwright-limits"


def of(address: str) -> bytes:
    """Return what the account has here, as `given` takes it."""
    frozen = [each for each in _frozen() if each["login"] == address]
    return json.dumps(
        {
            "app_passwords": [line for line in _lines() if line.startswith(f"{address}\t")],
            "frozen": bool(frozen),
            "locked_out": any(each["locked_out"] for each in frozen),
        }
    ).encode()


def given(address: str, data: bytes) -> None:
    """Let the account have here what it had there."""
    said = json.loads(data)
    mine = said["app_passwords"]
    if any(not line.startswith(f"{address}\t") for line in mine):
        raise ValueError(address)
    # The lock of postwright-app-password (role credentials).
    with (APP_PASSWORDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [line for line in _lines() if not line.startswith(f"{address}\t")]
        if (lines := [*others, *mine]) != _lines():
            _replace(APP_PASSWORDS / "passwords", "".join(f"{line}\n" for line in lines))
    if said["frozen"]:
        run(LIMITS, "freeze", *(["--lock-out"] if said["locked_out"] else []), address)
    elif any(each["login"] == address for each in _frozen()):
        # From an earlier time here; it was released since, there.
        run(LIMITS, "release", address)


def _frozen() -> list[dict[str, object]]:
    # 69 (EX_UNAVAILABLE): nobody was ever limited here.
    said = run(LIMITS, "frozen", "--json", good=(0, os.EX_UNAVAILABLE))
    return json.loads(said) if said.strip() else []


def _lines() -> list[str]:
    file = APP_PASSWORDS / "passwords"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as out:
        os.fchown(out.fileno(), 0, path.parent.stat().st_gid)
        os.fchmod(out.fileno(), 0o640)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
