"""The report as a person reads it: legs of the mail's way, refusals, tests, and what failed."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from postwright.probe.criteria import CRITERIA, Category

from .store import Entry

LEGS = {
    "sent": ("submitted",),
    "IMAP": ("arrived",),
    "POP3": ("read_over_pop3",),
    "SPF": ("spf_passes",),
    "DKIM": ("signed_twice", "dkim_rsa_passes", "dkim_ed25519_passes"),
    "DMARC": ("dmarc_passes",),
}
"""A column's title, and the checks whose verdict it shows."""
_LEG_CHECKS = {check for checks in LEGS.values() for check in checks}
GOOD, BAD = Text("✓", style="green"), Text("✗", style="bold red")


def journeys(entries: list[Entry]) -> Table:
    """Return a table with a row for each way a message went and a column for each leg."""
    table = Table(
        title="A message's way, leg by leg", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("from, to", no_wrap=True)
    for title in LEGS:
        table.add_column(title, justify="center", no_wrap=True)
    table.add_column("s", justify="right")
    ways: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.check in _LEG_CHECKS:
            ways[entry.subject][entry.check] = entry
    for way, legs in ways.items():
        marks = [
            _mark([legs[check] for check in checks if check in legs]) for checks in LEGS.values()
        ]
        arrival = sum(legs[leg].seconds for leg in ("submitted", "arrived") if leg in legs)
        table.add_row(way, *marks, f"{arrival:.1f}")
    return table


def _mark(found: list[Entry]) -> Text:
    if not found:
        return Text("")
    return GOOD if all(entry.ok for entry in found) else BAD


def scores(entries: list[Entry]) -> Table:
    """Return a table with each domain's score by Internet.nl's criteria."""
    table = Table(
        title="Internet.nl's mail test, as far as it can be judged offline",
        title_justify="left", box=None, pad_edge=False,
    )  # fmt: skip
    table.add_column("domain", no_wrap=True)
    for title in (*Category, "met"):
        table.add_column(title, justify="right", no_wrap=True)
    groups = {criterion.id: criterion.category for criterion in CRITERIA}
    domains: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.part == "criteria":
            domains[entry.subject].append(entry)
    for domain, found in domains.items():
        parts = [[e for e in found if groups[e.check] is category] for category in Category]
        cells = [_score(part, "/") for part in parts]
        table.add_row(domain, *cells, _score(found, " of "))
    return table


def _score(found: list[Entry], between: str) -> Text:
    met = sum(entry.ok for entry in found)
    style = "green" if met == len(found) else "bold red"
    return Text(f"{met}{between}{len(found)}", style=style)


def summary(entries: list[Entry]) -> Table:
    """Return a table that counts what passed, by subject."""
    table = Table(title="Every other check", title_justify="left", box=None)
    for title, justify in (("seen from", "left"), ("what", "left"), ("passed", "right")):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.check not in _LEG_CHECKS and entry.part != "criteria":
            groups[entry.part, entry.subject].append(entry)
    for (part, subject), found in groups.items():
        passed = sum(entry.ok for entry in found)
        style = "" if passed == len(found) else "bold red"
        table.add_row(part, subject, Text(f"{passed}/{len(found)}", style=style))
    return table


def failures(entries: list[Entry]) -> RenderableType:
    """Return each failed check with what was promised, what was seen, and how it is mended."""
    wrong = [entry for entry in entries if not entry.ok and not entry.waived]
    waived = [entry for entry in entries if not entry.ok and entry.waived]
    lines = [Text(f"{len(wrong)} of {len(entries)} checks failed:", style="bold red")]
    if not wrong:
        passed = len(entries) - len(waived)
        lines = [
            Text(
                f"All {passed} checks passed."
                if not waived
                else f"{passed} checks passed, {len(waived)} are waived:",
                style="bold green",
            )
        ]
    lines += [Text(_told(entry)) for entry in [*wrong, *waived]]
    return Group(*lines)


def _told(entry: Entry) -> str:
    lines = [f"  {entry.subject}: {entry.promise}", f"    seen: {entry.seen} ({entry.check})"]
    if entry.waived:
        lines.append(f"    waived: {entry.waived}")
    if entry.mend:
        lines.append(f"    mend: {entry.mend}")
    return "\n".join(lines)


def show(entries: list[Entry], console: Console) -> bool:
    """Print the report; return whether all is well."""
    parts = [journeys(entries), summary(entries), failures(entries)]
    if any(entry.part == "criteria" for entry in entries):
        parts.insert(1, scores(entries))
    for part in parts[:-1]:
        console.print(part, "")
    console.print(parts[-1])
    return all(entry.ok or entry.waived for entry in entries)
