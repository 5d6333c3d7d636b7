"""A run's plans as data, as Markdown for a pull request, and as lines for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from . import manifest as manifests
from .plan import Change, Plan
from .stages import Stage

# GitHub refuses a comment of more than 65,536 characters; the others take more.
MARKDOWN_LIMIT = 60_000


@dataclass(frozen=True)
class View:
    """What is shown: the stages, and beside them lines for the operator.

    `manual` are records that no provider here publishes, `refused` is why nothing may be applied.
    """

    stages: Sequence[Stage]
    notes: Sequence[str] = ()
    manual: Sequence[str] = ()
    refused: Sequence[str] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return any(stage.changing for stage in self.stages)

    @property
    def all_notes(self) -> list[str]:
        """The notes of the run and of every plan."""
        return [*self.notes, *(n for s in self.stages for plan in s.plans for n in plan.notes)]


class Line(NamedTuple):
    """A line of a diff; `mark` is `+`, `-` or a blank."""

    mark: str
    text: str


def summary(view: View) -> str:
    """Return the one line that says all."""
    zones = {plan.zone for stage in view.stages for plan in stage.plans}
    changing = [plan for stage in view.stages for plan in stage.changing]
    if view.refused and not changing:
        return "Refused: nothing can be applied"
    if not changing:
        return f"Nothing to do: {_count(len(zones), 'zone is', 'zones are')} as the inventory wants"
    come, go = (sum(_counts(plan)[index] for plan in changing) for index in (0, 1))
    where = _count(len({plan.zone for plan in changing}), "zone", "zones")
    text = f"{_count(come, 'record comes', 'records come')}, {go} go, in {where}"
    return f"Refused: {text}" if view.refused else text


def diff(plan: Plan) -> Iterator[Line]:
    """Yield what comes and what goes; of the manifest only how much, for it follows from that."""
    for change in plan.changes:
        if _is_manifest(plan, change):
            come = _count(len(change.add), "line comes", "lines come")
            text = f"the manifest: {come}, {len(change.remove)} go"
            yield Line(" ", text)
            continue
        name, kind = change.slot
        for value in change.remove:
            yield Line("-", f"{name}. {kind} {value}")
        for value in change.add:
            yield Line("+", f"{name}. {change.ttl} {kind} {value}")


def data(view: View) -> dict[str, Any]:
    """Return everything as data, the manifest's changes and all conflicts with it."""
    stages = [
        {
            "phase": stage.phase.value,
            "zones": [_zone(plan) for plan in stage.plans if plan.changes or plan.conflicts],
        }
        for stage in view.stages
    ]
    return {
        "changed": view.changed,
        "summary": summary(view),
        "stages": stages,
        "notes": view.all_notes,
        "manual": list(view.manual),
        "refused": list(view.refused),
    }


def markdown(view: View) -> str:
    """Return a comment for a pull request; past the limit, zones are counted, not shown."""
    blocks = [f"### DNS: {summary(view)}", *_lists(view)]
    if view.changed:
        rows = [
            "| zone | provider | stage | come | go |",
            "|---|---|---|---:|---:|",
            *(
                f"| `{plan.zone}` | `{plan.provider}` | {stage.phase} | {come} | {go} |"
                for stage in view.stages
                for plan in stage.changing
                for come, go in [_counts(plan)]
            ),
        ]
        blocks.append("\n".join(rows))
    size, left = sum(map(len, blocks)), 0
    for stage in view.stages:
        for plan in stage.changing:
            block = _details(stage, plan)
            size += len(block)
            if size < MARKDOWN_LIMIT:
                blocks.append(block)
            else:
                left += 1
    if left:
        blocks.append(f"{left} more zones are not shown here: see the job's own output.")
    return "\n\n".join(blocks)


def fenced(text: str, kind: str = "") -> str:
    """Return text as a code block of Markdown, whatever stands in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def to_json(found: object) -> str:
    """Return data as JSON for other programs."""
    return json.dumps(found, indent=1, sort_keys=True)


def _lists(view: View) -> Iterator[str]:
    refused = "\n".join(view.refused)
    if refused:
        yield f"**Nothing can be applied:**\n\n{fenced(refused, 'text')}"
    if view.all_notes:
        yield "\n".join(f"- {note}" for note in view.all_notes)
    if view.manual:
        lines = fenced("\n".join(view.manual), "text")
        yield f"No provider of the inventory serves these; ask whoever does:\n\n{lines}"


def _details(stage: Stage, plan: Plan) -> str:
    text = "\n".join(f"{line.mark} {line.text}" for line in diff(plan))
    head = f"<details><summary>{plan.zone} ({stage.phase})</summary>"
    return f"{head}\n\n{fenced(text, 'diff')}\n\n</details>"


def _zone(plan: Plan) -> dict[str, Any]:
    found = asdict(plan)
    for key in ("changes", "conflicts"):
        found[key] = [
            {"name": each["slot"][0], "type": each["slot"][1]}
            | {name: value for name, value in each.items() if name != "slot"}
            for each in found[key]
        ]
    return {key: found[key] for key in ("zone", "provider", "changes", "conflicts", "deletions")}


def _counts(plan: Plan) -> tuple[int, int]:
    """Return how many records come and go, the manifest's lines not counted."""
    records = [change for change in plan.changes if not _is_manifest(plan, change)]
    return sum(len(c.add) for c in records), sum(len(c.remove) for c in records)


def _is_manifest(plan: Plan, change: Change) -> bool:
    return manifests.part_of(plan.zone, change.slot) is not None


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
