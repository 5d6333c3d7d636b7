"""The DKIM keys of one host on its disk, and what each is for (standard library only).

    DOMAIN/SELECTOR.key      the private key
    DOMAIN/SELECTOR.txt      what DNS says of it
    DOMAIN/SELECTOR.waits    as long as nothing is signed with it: since when every server lists it

A new key waits until nobody remembers that it is not there: a resolver keeps "no such name" for
the zone's negative TTL (RFC 2308 5), also of names that nobody asked it for (RFC 8198 5.1). Of
those that do not wait, the newest signs. An older one lies there until Rspamd runs without it.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

ALGORITHMS = {"r": "rsa", "e": "ed25519"}
MARGIN = 300
"""Seconds, for clocks that differ and resolvers that ask one another."""

DAY = 86400
LINGER = 60
"""Seconds after a reload in which a worker may still sign as before: Rspamd gives those that it
replaces ten to end what they are at (rspamd_worker_usr2_handler)."""


@dataclass(frozen=True)
class Key:
    """One key: `since` is when every server was first seen to list it, in seconds since 1970.

    `ttl` is how long its absence may be remembered from then on. Of a key that never waited, or
    does no more, `waits` is false.
    """

    domain: str
    path: Path
    waits: bool
    since: float | None = None
    ttl: int = 0

    @property
    def selector(self) -> str:
        """The selector."""
        return self.path.stem

    @property
    def record(self) -> Path:
        """Where it stands that the key waits."""
        return self.path.with_suffix(".waits")

    @property
    def made(self) -> float:
        """When it was made, in seconds since 1970."""
        return self.path.stat().st_mtime

    @property
    def due(self) -> float | None:
        """From when on it may sign; None as long as not every server lists it."""
        return None if self.since is None else self.since + self.ttl + MARGIN

    def is_over(self) -> bool:
        """Tell whether every resolver can find the key by now."""
        return self.due is not None and self.due <= time.time()

    def __str__(self) -> str:
        """Return what the operator has to know of a key that waits."""
        of = f"{self.domain}: the new DKIM key {self.selector}"
        if self.due is None:
            return f"{of} waits for its record in DNS; playbooks/rotate.yml publishes it"
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.due))
        return f"{of} signs from {when} on; run playbooks/rotate.yml or site.yml again then"


class Signer:
    """What Rspamd signs with: its files, and the record of what it has loaded."""

    def __init__(self, files: list[Path], loaded: Path) -> None:
        """Name both; the record holds a digest for each file (module daemon)."""
        self.files, self.loaded = files, loaded

    def runs_without(self, selector: str) -> bool:
        """Tell whether Rspamd has loaded files that do not name a selector."""
        try:
            record = json.loads(self.loaded.read_text(encoding="utf-8"))
            texts = {str(file): file.read_bytes() for file in self.files}
        except FileNotFoundError:
            return False
        return all(
            record.get(path) == hashlib.sha256(text).hexdigest() and selector.encode() not in text
            for path, text in texts.items()
        )

    def settles(self) -> float:
        """Return in how many seconds no worker of before its last reload is left."""
        if not self.loaded.exists():
            return 0.0
        return max(0.0, self.loaded.stat().st_mtime + LINGER - time.time())


class Store:
    """The keys of one host."""

    def __init__(self, root: Path, host: str, signer: Signer) -> None:
        """Keys lie in `root`; their selectors begin with the host's name."""
        self.root, self.host, self.signer = root, host, signer

    def keys(self, domain: str, letter: str) -> list[Key]:
        """Return a domain's keys of one algorithm, oldest first."""
        pattern = re.compile(rf"{re.escape(self.host)}-\d{{6}}{letter}-[a-z2-7]{{4}}\.key")
        found = [
            path for path in (self.root / domain).glob("*.key") if pattern.fullmatch(path.name)
        ]
        return sorted((_key(domain, path) for path in found), key=lambda key: (key.made, key.path))

    def signing(self, domain: str, letter: str) -> Key | None:
        """Return the key that signs."""
        return next((key for key in reversed(self.keys(domain, letter)) if not key.waits), None)

    def waiting(self, domain: str) -> list[Key]:
        """Return a domain's keys that wait."""
        return [key for letter in ALGORITHMS for key in self.keys(domain, letter) if key.waits]

    def old(self, domain: str) -> list[Key]:
        """Return a domain's keys that another has taken the place of."""
        return [
            key
            for letter in ALGORITHMS
            for key in self.keys(domain, letter)
            if not key.waits and key != self.signing(domain, letter)
        ]

    def may_begin(self, domain: str, letter: str, days: int) -> bool:
        """Tell whether a rollover may begin: the key is of that age, and none is under way."""
        keys, signing = self.keys(domain, letter), self.signing(domain, letter)
        return len(keys) == 1 and signing is not None and time.time() - signing.made >= days * DAY

    def described(self, domain: str) -> list[dict[str, object]]:
        """Return what signers and DNS need to know about each key of a domain that is in use."""
        old = self.old(domain)
        return [
            {
                "selector": key.selector,
                "algorithm": algorithm,
                "path": str(key.path),
                "txt": key.path.with_suffix(".txt").read_text("ascii").strip(),
                "signs": not key.waits and key not in old,
                "waits": key.waits,
            }
            for letter, algorithm in ALGORITHMS.items()
            for key in self.keys(domain, letter)
            if key not in old or not self.signer.runs_without(key.selector)
        ]


def sweep(folder: Path) -> None:
    """Remove what a killed run left of keys that were not made to the end."""
    for suffix in (".txt", ".waits"):
        for path in folder.glob(f"*{suffix}"):
            if not path.with_suffix(".key").exists():
                path.unlink()


def noted(key: Key, selectors: Collection[str], ttl: int) -> Key:
    """Return a waiting key with what was seen: what every server lists, and the negative TTL.

    One that was listed and is no more waits anew.
    """
    since = (key.since or time.time()) if key.selector in selectors else None
    return replace(key, since=since, ttl=max(ttl, key.ttl))


def write(record: Path, since: float | None, ttl: int) -> None:
    """Write down, at once, that a key waits."""
    new = record.with_name(f".{record.name}.new")
    new.write_text(json.dumps({"since": since, "ttl": ttl}), encoding="ascii")
    new.replace(record)


def remove(key: Key) -> None:
    """Remove a key, the private half first: what is left of a killed run is no key."""
    for suffix in (".key", ".txt", ".waits"):
        key.path.with_suffix(suffix).unlink(missing_ok=True)


def _key(domain: str, path: Path) -> Key:
    record = path.with_suffix(".waits")
    if not record.exists():
        return Key(domain, path, False)
    said = json.loads(record.read_text("ascii"))
    return Key(domain, path, True, said["since"], said["ttl"])
