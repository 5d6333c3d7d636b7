"""The report as a person reads it: legs of the mail's way, refusals, tests, and what failed."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

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


def summary(entries: list[Entry]) -> Table:
    """Return a table that counts what passed, by subject."""
    table = Table(title="Every other check", title_justify="left", box=None)
    for title, justify in (("seen from", "left"), ("what", "left"), ("passed", "right")):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.check not in _LEG_CHECKS:
            groups[entry.part, entry.subject].append(entry)
    for (part, subject), found in groups.items():
        passed = sum(entry.ok for entry in found)
        style = "" if passed == len(found) else "bold red"
        table.add_row(part, subject, Text(f"{passed}/{len(found)}", style=style))
    return table


def failures(entries: list[Entry]) -> RenderableType:
    """Return each failed check with what was promised and what was seen."""
    wrong = [entry for entry in entries if not entry.ok]
    if not wrong:
        return Text(f"All {len(entries)} checks passed.", style="bold green")
    lines = [Text(f"{len(wrong)} of {len(entries)} checks failed:", style="bold red")]
    lines += [
        Text(f"  {entry.subject}: {entry.promise}\n    seen: {entry.seen} ({entry.check})")
        for entry in wrong
    ]
    return Group(*lines)


def show(entries: list[Entry], console: Console) -> bool:
    """Print the report; return whether all is well."""
    console.print(journeys(entries), "", summary(entries), "", failures(entries))
    return all(entry.ok for entry in entries)
