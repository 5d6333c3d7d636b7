"""A plan in a file: what was reviewed is what is applied, or it is refused.

It holds what is public anyway (record sets of DNS zones) and no secret. The digest tells a file
that was cut off or edited from one that was written here; it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .claims import Phase
from .drivers import Driver
from .errors import DnsError
from .plan import Plan
from .stages import Stage

VERSION = 1
_KEY = "postwright_plan"


class PlanFileError(DnsError):
    """A file that cannot be applied."""


@dataclass(frozen=True)
class Saved:
    """What a plan file says; `created` is an aware time."""

    owner: str
    created: datetime
    stages: tuple[Stage, ...]


def save(path: Path, owner: str, stages: Sequence[Stage]) -> None:
    """Write a plan file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dump(Saved(owner, datetime.now(UTC), tuple(stages))), encoding="utf-8")


def dump(saved: Saved) -> str:
    """Return a plan file's text."""
    stages = [
        {"phase": stage.phase, "plans": [json.loads(plan.to_json()) for plan in stage.plans]}
        for stage in saved.stages
    ]
    data = {
        _KEY: VERSION,
        "created": saved.created.isoformat(timespec="seconds"),
        "owner": saved.owner,
        "digest": _digest(saved.owner, stages),
        "stages": stages,
    }
    return json.dumps(data, indent=1) + "\n"


def read(path: Path) -> Saved:
    """Return what a plan file says.

    Raises:
        PlanFileError: it cannot be read, is of another version, or is not as it was written.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise PlanFileError(f"{path} cannot be read: {reason}", _ANEW) from None
    version = data.get(_KEY) if isinstance(data, dict) else None
    if version is None:
        raise PlanFileError(f"{path} is no plan", _ANEW)
    if version != VERSION:
        raise PlanFileError(
            f"{path} is a plan of version {version}; this Postwright applies version {VERSION}",
            "plan again with the Postwright that is to apply it",
        )
    try:
        return _saved(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PlanFileError(f"{path} is no whole plan, or was changed by hand", _ANEW) from None


def refuse_other(saved: Saved, owner: str, drivers: Mapping[str, Driver]) -> None:
    """Refuse a plan that was made for another inventory.

    Raises:
        PlanFileError: its owner, or a provider, is not this inventory's.
    """
    if saved.owner != owner:
        raise PlanFileError(
            f"the plan is that of the owner {saved.owner!r}; this inventory's is {owner!r}",
            "apply it with the inventory that it was made from",
        )
    needed = {plan.provider for stage in saved.stages for plan in stage.plans}
    if absent := sorted(needed - drivers.keys()):
        raise PlanFileError(
            f"the plan needs providers that no domain of this inventory uses: {', '.join(absent)}",
            "apply it with the inventory that it was made from",
        )


_ANEW = "plan again: postwright dns plan --out FILE"


def _saved(data: dict[str, Any]) -> Saved:
    if data["digest"] != _digest(data["owner"], data["stages"]):
        raise ValueError("digest")
    stages = tuple(
        Stage(
            Phase(stage["phase"]),
            tuple(Plan.from_json(json.dumps(plan)) for plan in stage["plans"]),
        )
        for stage in data["stages"]
    )
    return Saved(data["owner"], datetime.fromisoformat(data["created"]), stages)


def _digest(owner: str, stages: object) -> str:
    text = json.dumps([owner, stages], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
