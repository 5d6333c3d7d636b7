"""Findings as data, as Markdown, and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from postwright.dns.views import fenced

from .findings import Finding, Severity

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def summary(found: Sequence[Finding]) -> str:
    """Return the one line that says all."""
    counts = Counter(each.severity for each in found)
    if not found:
        return "DNS is as the inventory wants it, seen from outside"
    words = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in Severity
        if counts[severity]
    ]
    return ", ".join(words)


def data(found: Sequence[Finding]) -> dict[str, Any]:
    """Return everything as data."""
    return {"summary": summary(found), "findings": [each.to_dict() for each in found]}


def markdown(found: Sequence[Finding]) -> str:
    """Return a comment or the text of an issue."""
    blocks = [f"### DNS check: {summary(found)}"]
    for each in found:
        text = f"{each.subject}\nseen: {each.seen}\nmend: {each.mend}"
        blocks.append(f"**{each.severity}** `{each.id}` ({each.source})\n\n{fenced(text, 'text')}")
    return "\n\n".join(blocks)


def show(found: Sequence[Finding], console: Console) -> None:
    """Print what was found."""
    for each in found:
        head = Text(f"{each.severity} ", style=_COLOURS[each.severity])
        head.append(each.subject, style="bold").append(f"  {each.id} ({each.source})", style="dim")
        console.print(head, soft_wrap=True)
        console.print(Text(f"    seen  {each.seen}\n    mend  {each.mend}"), soft_wrap=True)
    console.print(Text(summary(found), style="bold" if found else "bold green"), soft_wrap=True)
