"""Parts of a backup, brought from the repository into a place on this host (role backup).

Root writes down what is wanted, a user that may only read fetches it, and root puts it where it
belongs.
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .config import FOLDER, USER, Config
from .password import of_host_now
from .restic import Restic, escaped
from .run import RECORD
from .trouble import TroubleError

FOUND, COMPLAINTS, FROM = "found", "complaints", "from"


@dataclass(frozen=True)
class Request:
    """What is to be brought back.

    Attributes:
        then: what is done with it: `keys`, `mail` or `account`.
        names: which parts of the backup, as paths in it; `*` stands for any characters.
        to: the directory that it is fetched into.
        snapshot: which backup; without it, the newest one that is not younger than `at`.
        at: a moment, in seconds since the epoch.
        size: how many bytes these parts have, as far as that is known.
        used: how many bytes of the file system were in use before.
        account, folder, into: of which mailbox, and into which folder of it.
        token: its own mark, by which its outcome is told from others'.
    """

    then: str
    names: list[str]
    to: str
    snapshot: str = ""
    at: float | None = None
    size: int = 0
    used: int = 0
    account: str = ""
    folder: str = ""
    into: str = ""
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def found(self) -> Path:
        """Where its parts lie once they are fetched."""
        return Path(self.to) / FOUND


@dataclass(frozen=True)
class Snapshot:
    """A backup in the repository: its id, the moment it shows, and what it holds.

    `accounts` are DOMAIN/USER with `messages` and `bytes`; `state` is the host's own files.
    """

    id: str
    root: str
    taken: float
    accounts: dict[str, dict[str, int]]
    state: dict[str, dict[str, str]]

    @property
    def messages(self) -> int:
        """How many messages it holds."""
        return sum(each["messages"] for each in self.accounts.values())

    @property
    def size(self) -> int:
        """How many bytes these accounts have."""
        return sum(each["bytes"] for each in self.accounts.values())


def newest(config: Config, restic: Restic, at: float | None = None) -> Snapshot | None:
    """Return this host's newest backup, or the newest until a moment; None where there is none."""
    fitting = [each for each in listed(config, restic) if at is None or _when(each) <= at]
    return described(restic, fitting[-1]) if fitting else None


def listed(config: Config, restic: Restic) -> list[dict[str, Any]]:
    """Return this host's backups as restic lists them, the newest last."""
    return restic.snapshots("--no-lock", "--host", config.host, "--tag", "postwright")


def described(restic: Restic, snapshot: dict[str, Any]) -> Snapshot:
    """Return what a snapshot that restic lists says of itself."""
    root = str(snapshot["paths"][0])
    record = json.loads(restic.run("dump", "--no-lock", snapshot["id"], f"{root}/{RECORD}"))
    return Snapshot(snapshot["id"], root, record["taken"], record["accounts"], record["state"])


def parts(restic: Restic, snapshot: str, to: Path, root: Path, names: list[str]) -> str:
    """Restore parts of a snapshot; return what restic complained of."""
    to.mkdir(mode=0o700, exist_ok=True)
    included = [word for name in names for word in ("--include", _pattern(f"{root}/{name}"))]
    return restic.complaints("restore", snapshot, "--target", str(to), *included)


def fetch(config: Config) -> str:
    """Fetch what root wrote down; return what was done, in words.

    What restic complains of is kept beside it: one file that is damaged keeps no other back. So is
    the backup's id.

    Raises:
        TroubleError: there is no such backup, or none of it came back.
    """
    request, restic = read_request(), of_host_now(config)
    to = Path(request.to)
    fitting = [each for each in listed(config, restic) if _fits(each, request)]
    if not fitting:
        which = request.snapshot[:8] or "until that moment"
        raise TroubleError(
            f"there is no backup {which} in {config.repository}",
            "name another by its moment, `at` (postwright-backup list)",
        )
    snapshot = fitting[-1]
    restic.unlock()
    said = parts(restic, snapshot["id"], to / "restored", Path(snapshot["paths"][0]), request.names)
    restored = to / "restored" / str(snapshot["paths"][0]).lstrip("/")
    if not (restored / RECORD).exists():
        raise TroubleError(
            f"the backup {snapshot['short_id']} does not come back: {said or 'it is not in there'}",
            "name an older one (postwright-backup list), or repair the repository (docs/backup.md)",
        )
    (to / COMPLAINTS).write_text(said, encoding="utf-8")
    (to / FROM).write_text(snapshot["id"], encoding="utf-8")
    restored.rename(request.found)
    return f"fetched the backup {snapshot['short_id']} of {snapshot['time'][:19]}"


def write_request(request: Request, folder: Path = FOLDER) -> None:
    """Write down what is wanted, for the user that fetches it; make the place for it anew."""
    to = Path(request.to)
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(mode=0o700, parents=True)
    shutil.chown(to, USER, USER)
    new = folder / ".wanted.json.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o640)
    shutil.chown(new, "root", USER)
    new.write_text(json.dumps(asdict(request)), encoding="utf-8")
    new.replace(folder / "wanted.json")


def read_request(folder: Path = FOLDER) -> Request:
    """Return what is wanted."""
    return Request(**json.loads((folder / "wanted.json").read_text(encoding="utf-8")))


def _fits(snapshot: dict[str, Any], request: Request) -> bool:
    if request.snapshot:
        return str(snapshot["id"]).startswith(request.snapshot)
    return request.at is None or _when(snapshot) <= request.at


def _when(snapshot: dict[str, Any]) -> float:
    """Return when a snapshot was made, in seconds since the epoch."""
    return datetime.fromisoformat(snapshot["time"]).timestamp()


def _pattern(path: str) -> str:
    """Return a path as restic's pattern; a `*` at its end stands for any characters."""
    return escaped(path.removesuffix("*")) + ("*" if path.endswith("*") else "")
