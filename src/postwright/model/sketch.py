"""A tolerant reading of the domains, so that the checks across keys run on a broken inventory too.

Pydantic says what is wrong with each value; who claims which address can be told regardless. What
cannot be read here was already refused there, so it is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic_core import PydanticCustomError

from .findings import nearest
from .origin import Path
from .schema import DomainSpec
from .types import address, domain_name
from .words import SELF


@dataclass
class Sketch:
    """One domain as far as it could be read; addresses are in canonical form.

    `whole` is False where a section could not be read, so that what is absent proves nothing.
    `keys` are those that are written. `given` holds `served_with` and `sends_with` as they are.
    """

    name: str
    path: Path
    hosts: list[tuple[str, Path]] = field(default_factory=list)
    backup_mx: list[tuple[str, Path]] = field(default_factory=list)
    moves_from: str | None = None
    dns: str | None = None
    claims: list[tuple[str, Path]] = field(default_factory=list)
    accounts: dict[str, bool] = field(default_factory=dict)
    aliases: dict[str, list[tuple[str, Path]]] = field(default_factory=dict)
    forwards: dict[str, list[tuple[str, Path]]] = field(default_factory=dict)
    catch_all: tuple[str, Path] | None = None
    reports_to: tuple[str, Path] | None = None
    tls_reports_to: tuple[str, Path] | None = None
    whole: bool = True
    parked: bool = False
    keys: frozenset[str] = frozenset()
    served_by: str = SELF
    sends_through: str | None = None
    given: dict[str, object] = field(default_factory=dict)

    @property
    def elsewhere(self) -> bool:
        """Whether others receive its mail."""
        return self.served_by != SELF


def sketches(domains: object) -> list[Sketch]:
    """Return a sketch of every domain whose name can be read, in the order they are written."""
    found = []
    for key, spec in _items(domains):
        try:
            name = domain_name(key)
        except PydanticCustomError:
            continue
        found.append(_sketch(name, ("mail_domains", key), _respelt(spec)))
    return found


def _sketch(name: str, path: Path, spec: Mapping[str, object]) -> Sketch:
    sketch = Sketch(name, path)
    sections = (spec.get(key) for key in ("accounts", "aliases", "forwards"))
    sketch.whole = bool(spec) and all(isinstance(each, (Mapping, type(None))) for each in sections)
    sketch.parked = spec.get("parked") is True
    sketch.keys = frozenset(spec)
    served_by, sends_through = spec.get("served_by"), spec.get("sends_through")
    sketch.served_by = served_by if isinstance(served_by, str) else SELF
    sketch.sends_through = sends_through if isinstance(sends_through, str) else None
    sketch.given = {key: spec[key] for key in ("served_with", "sends_with") if key in spec}
    sketch.hosts = list(_texts(spec.get("hosts"), (*path, "hosts")))
    sketch.backup_mx = list(_texts(spec.get("backup_mx"), (*path, "backup_mx")))
    dns, moves_from = spec.get("dns"), spec.get("moves_from")
    sketch.moves_from = moves_from if isinstance(moves_from, str) else None
    sketch.dns = dns if isinstance(dns, str) else None
    for local, account in _items(spec.get("accounts")):
        where = (*path, "accounts", local)
        own = f"{local.lower()}@{name}"
        sketch.claims.append((own, where))
        sketch.accounts[own] = not (
            isinstance(account, Mapping) and account.get("receive") is False
        )
    for section, table in (("aliases", sketch.aliases), ("forwards", sketch.forwards)):
        for local, targets in _items(spec.get(section)):
            where = (*path, section, local)
            own = f"{local.lower()}@{name}"
            sketch.claims.append((own, where))
            table[own] = [
                (full, at)
                for target, at in _texts(targets, where)
                if (full := _full(target, name)) is not None
            ]
    dmarc = spec.get("dmarc")
    sketch.catch_all = _one(spec.get("catch_all"), (*path, "catch_all"), name)
    if isinstance(dmarc, Mapping):
        sketch.reports_to = _report(dmarc.get("reports_to"), (*path, "dmarc", "reports_to"), name)
    sketch.tls_reports_to = _report(spec.get("tls_reports_to"), (*path, "tls_reports_to"), name)
    return sketch


def _report(value: object, path: Path, domain: str) -> tuple[str, Path] | None:
    """Return where reports go: a full address always, never a local part."""
    return _one(value, path, domain) if isinstance(value, str) and "@" in value else None


def _one(value: object, path: Path, domain: str) -> tuple[str, Path] | None:
    full = _full(value, domain) if isinstance(value, str) else None
    return None if full is None else (full, path)


def _full(target: str, domain: str) -> str | None:
    """Return a target's full canonical address, or None where it is none."""
    try:
        return address(target if "@" in target else f"{target}@{domain}")
    except PydanticCustomError:
        return None


def _items(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield key, item


def _texts(value: object, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, str):
                yield item, (*path, number)


def _respelt(spec: object) -> dict[str, object]:
    """Return the domain with misspelt keys read as what they were meant to be.

    The misspelling is refused already; without this, `acounts` would also make every alias one
    to nowhere.
    """
    known = DomainSpec.model_fields
    result = {key: value for key, value in _items(spec) if key in known}
    for key, value in _items(spec):
        if key not in known and (meant := nearest(key, known)):
            result.setdefault(meant, value)
    return result
