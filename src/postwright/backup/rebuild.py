"""A lost host brought back from its newest backup: first its keys, then its mail (role backup).

What was done is written down at once, so that a run that was killed goes on where it stood, with
the same backup.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from . import manifest
from .config import STATE as FOLDER
from .config import Config
from .fetch import Request, Snapshot
from .numbering import raise_numbers
from .place import place_home, place_state
from .run import MAIL, MANIFEST, RECORD, STATE
from .stage import address
from .status import write_down

MARK = Path("/var/lib/postwright/rebuild.json")
SHOWN = 20


@dataclass(frozen=True)
class Rebuild:
    """How far a rebuild is.

    Attributes:
        snapshot: the backup that this host is brought back from.
        taken: the moment that it shows, in seconds since the epoch.
        accounts: DOMAIN/USER, with `messages` and `bytes` in it.
        begun, keys, mail: when it began, when the keys were back, and when the mail was.
        files: how many files of the host's own came back.
        kept: accounts that had mail when it began, and were left alone.
        lost: what the backup should hold and did not give back.
    """

    snapshot: str
    taken: float
    accounts: dict[str, dict[str, int]]
    begun: float
    keys: float | None = None
    mail: float | None = None
    files: int = 0
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def but(self, **changes: object) -> Rebuild:
        """Return this with other values."""
        return Rebuild(**{**vars(self), **changes})


def read(file: Path = MARK) -> Rebuild | None:
    """Return how far this host's rebuild is; None where there never was one."""
    if not file.exists():
        return None
    said = json.loads(file.read_text(encoding="utf-8"))
    return Rebuild(**{**said, "kept": tuple(said["kept"]), "lost": tuple(said["lost"])})


def write(known: Rebuild, file: Path = MARK) -> None:
    """Write down how far it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_down(file, asdict(known))


def begin(snapshot: Snapshot, config: Config) -> Rebuild:
    """Begin a rebuild, or go on with the one that was begun: with its own backup."""
    known = read()
    if known is None:
        # Mail may lie on a disk of its own, which was not lost.
        kept = tuple(name for name in snapshot.accounts if (Path(config.mail) / name).exists())
        known = Rebuild(
            snapshot.id, snapshot.taken, snapshot.accounts, begun=time.time(), kept=kept
        )
        write(known)
    return known


def keys_wanted(known: Rebuild) -> Request | None:
    """Return what is to be fetched so that the keys are back; None where they are."""
    if known.keys:
        return None
    return Request("keys", [RECORD, STATE], str(FOLDER / "restored"), known.snapshot)


def mail_wanted(known: Rebuild | None, config: Config) -> Request | None:
    """Return what is to be fetched so that the mail is back; None where nothing is."""
    if known is None or known.mail:
        return None
    wanted = [name for name in known.accounts if not (Path(config.mail) / name).exists()]
    whole = len(wanted) == len(known.accounts)
    names = [MAIL] if whole else [f"{MAIL}/{name}" for name in wanted]
    size = sum(known.accounts[name]["bytes"] for name in wanted)
    to = str(Path(config.mail) / ".restore")
    return Request("mail", [RECORD, MANIFEST, *names], to, known.snapshot, size=size)


def keys_back(config: Config, request: Request, complaints: str) -> str:
    """Put the host's own files back where they belong; return what was done, in words."""
    known = _begun()
    found = request.found
    record = json.loads((found / RECORD).read_text(encoding="utf-8"))
    state = record["state"]
    lost = manifest.state_differences(found / STATE, state)
    lost += [each for each in place_state(found / STATE, state, config.state) if each not in lost]
    files = sum("sha256" in each or "link" in each for each in state.values()) - len(lost)
    lost += [complaints] * bool(complaints and not lost)
    write(known.but(keys=time.time(), files=files, lost=(*known.lost, *lost)))
    return f"{files} files of the host's own are back (keys, certificates, app passwords)"


def mail_back(config: Config, request: Request, complaints: str) -> str:
    """Put all accounts' mail back that this host does not have; return what was done, in words.

    It is held against the manifest first. What is damaged is named, and keeps nothing else back.
    """
    known, found, mail = _begun(), request.found, Path(config.mail)
    lost = []
    for name in known.accounts:
        if (mail / name).exists():
            continue
        home = found / MAIL / name
        wanted = manifest.read(found / MANIFEST / f"{name}.jsonl")
        there = manifest.entries(home) if home.exists() else ()
        lost += [f"{address(name)}: {each}" for each in manifest.differences(wanted, there)]
        place_home(found / MAIL, mail, name)
    lost += [complaints] * bool(complaints and not lost)
    raise_numbers(mail, known.accounts)
    write(known.but(mail=time.time(), lost=(*known.lost, *lost)))
    return f"{_messages(known)} are back"


def said() -> list[str]:
    """Return what a rebuild brought back, and what is gone; nothing where there never was one."""
    known = read()
    if known is None:
        return []
    # To the second: who misses a letter asks whether it came before.
    taken = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(known.taken))
    lines = [
        f"brought back: the backup of {taken} (snapshot {known.snapshot[:8]}): "
        f"{_messages(known)}, {known.files} files of the host's own",
        f"gone: what came in, was moved or was changed after {taken}, and what was in the queue",
    ]
    if known.kept:
        lines.append(f"left as it lay there: the mail of {_some(map(address, known.kept))}")
    if known.lost:
        lines.append(f"gone, too, since the backup did not give it back: {_some(known.lost)}")
    return lines


def _begun() -> Rebuild:
    known = read()
    if known is None:
        raise RuntimeError("no rebuild was begun")
    return known


def _messages(known: Rebuild) -> str:
    mine = [each for name, each in known.accounts.items() if name not in known.kept]
    return f"{sum(each['messages'] for each in mine)} messages of {len(mine)} accounts"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    rest = [f"and {len(every) - SHOWN} more ({MARK})"] if len(every) > SHOWN else []
    return "; ".join([*every[:SHOWN], *rest])
