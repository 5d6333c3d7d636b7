"""The summary as a person reads it: what is wrong and its mend first, then the numbers."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .summary import Dmarc, Domain, Period, Source, Summary, Tls, TlsPolicy, fails

OURS = (
    "`postwright dns check` says whether SPF and DKIM stand in DNS; playbooks/verify.yml sends a "
    "message and says whether it is signed"
)
FOREIGN = (
    "if a sender of yours, have it send through your hosts or state it (docs/relays.md); if "
    "nobody's, the policy `{policy}` is what stops it"
)
UNKNOWN = "give the inventory (-i) to learn which of these addresses are your own hosts"
MAX_SOURCES = 20
"""How many addresses a table shows; --json has them all."""


def show(summary: Summary, console: Console) -> None:
    """Print the summary."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    for domain in summary.domains:
        line(_title(domain), "bold")
        if domain.dmarc:
            _show_dmarc(domain.dmarc, domain.ours is not None, console)
        if domain.tls:
            _show_tls(domain.tls, console)
        line("")
    for broken in summary.broken:
        line(f"not read: {broken}", "red")
    line(verdict(summary), "bold red" if summary.failed or summary.broken else "bold green")


def verdict(summary: Summary) -> str:
    """Return the one line that says all."""
    left = {
        "came twice": summary.duplicates,
        "older": summary.older,
        "not read": len(summary.broken),
        "other messages": summary.other,
    }
    beside = ", ".join(f"{count} {what}" for what, count in left.items() if count)
    said = "failures are reported" if summary.failed else "no failure is reported"
    return f"{counted(summary.reports, 'report')}{f' ({beside})' if beside else ''}: {said}"


def counted(count: int, noun: str) -> str:
    """Return for example `1 report` or `2 reports`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _title(domain: Domain) -> str:
    return f"{domain.domain} (not in the inventory)" if domain.ours is False else domain.domain


def _span(period: Period) -> str:
    return (
        f"{period.begin:%Y-%m-%d} to {period.end:%Y-%m-%d}, "
        f"{counted(period.reports, 'report')} from {', '.join(period.reporters)}"
    )


def _note(console: Console, label: str, text: str) -> None:
    console.print(Text(f"      {label:<5} {text}"), soft_wrap=True)


def _show_dmarc(dmarc: Dmarc, inventory: bool, console: Console) -> None:
    head = f"  DMARC, policy {dmarc.policy}: {dmarc.passed} passed, {dmarc.failed} failed"
    console.print(Text(f"{head}; {_span(dmarc.period)}"), soft_wrap=True)
    for source in dmarc.sources:
        if source.failed and source.host:
            _show_ours(source, console)
    others = [source for source in dmarc.sources if source.failed and not source.host]
    if others:
        count = sum(source.failed for source in others)
        style, whose = ("yellow", "not your hosts") if inventory else ("red", "unknown")
        console.print(
            Text(f"    {count} failed from {counted(len(others), 'address')}, {whose}", style=style)
        )
        for source in others[:3]:
            for detail in source.details[:1]:
                _note(console, "seen", f"{source.address}: {detail}")
        _note(console, "mend", FOREIGN.format(policy=dmarc.policy) if inventory else UNKNOWN)
    console.print(Padding(_table(dmarc.sources), (0, 0, 0, 4)))
    if len(dmarc.sources) > MAX_SOURCES:
        more = len(dmarc.sources) - MAX_SOURCES
        console.print(Text(f"    and {more} more; --json has them all"))


def _show_ours(source: Source, console: Console) -> None:
    text = f"    {source.failed} failed from your own host {source.host} ({source.address})"
    console.print(Text(text, style="bold red"), soft_wrap=True)
    for detail in source.details:
        _note(console, "seen", detail)
    _note(console, "mend", OURS)


def _table(sources: list[Source]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title, justify in (
        ("address", "left"), ("host", "left"), ("passed", "right"), ("failed", "right"),
        ("SPF", "right"), ("DKIM", "right"), ("disposition", "left"),
    ):  # fmt: skip
        table.add_column(title, justify=justify, no_wrap=title != "disposition")  # type: ignore[arg-type]
    for source in sources[:MAX_SOURCES]:
        table.add_row(*map(Text, _cells(source)), style="red" if source.failed else "")
    return table


def _cells(source: Source) -> list[str]:
    total = source.passed + source.failed
    done = ", ".join(f"{what} {count}" for what, count in source.dispositions.items())
    why = f" ({', '.join(source.reasons)})" if source.reasons else ""
    return [
        str(source.address), source.host or "", str(source.passed), str(source.failed),
        f"{source.spf}/{total}", f"{source.dkim}/{total}", done + why,
    ]  # fmt: skip


def _show_tls(tls: Tls, console: Console) -> None:
    console.print(Text(f"  TLS; {_span(tls.period)}"), soft_wrap=True)
    for policy in tls.policies:
        _show_policy(policy, console)


def _show_policy(policy: TlsPolicy, console: Console) -> None:
    text = (
        f"    {policy.type}: {counted(policy.successful, 'session')} made, {policy.failed} failed"
    )
    console.print(Text(text, style="bold red" if fails(policy) else ""), soft_wrap=True)
    for failure in policy.failures:
        head = f"    {failure.type} ({failure.sessions}): {failure.meaning}"
        console.print(Text(head), soft_wrap=True)
        for detail in failure.details:
            _note(console, "seen", detail)
        _note(console, "mend", failure.mend)
