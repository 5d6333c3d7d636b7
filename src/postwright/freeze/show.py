"""What was done about an account, on a page that is read at three in the morning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .answers import Answer, Report


def show(answers: Sequence[Answer], console: Console) -> None:
    """Print a line for each account on each host, and one for each message that is held."""
    table = Table(box=None, pad_edge=False)
    for head in ("HOST", "ACCOUNT", "STATE", "HELD", "SESSIONS ENDED"):
        table.add_column(head, overflow="fold")
    held = Table(box=None, pad_edge=False, title_justify="left", title="Held messages:")
    for head in ("HOST", "QUEUE ID", "SENDER", "RECIPIENTS", "BYTES"):
        held.add_column(head, overflow="fold")
    for each in answers:
        if each.trouble:
            table.add_row(each.host, "", Text(f"not asked: {each.trouble}", "red"))
        for report in each.reports:
            table.add_row(
                each.host, report.login, state(report), str(len(report.held)), str(report.sessions)
            )
            for message in report.held:
                held.add_row(
                    each.host,
                    message.queue_id,
                    Text(message.sender or "<>"),
                    Text(", ".join(message.recipients)),
                    str(message.size),
                )
    if table.row_count:
        console.print(table)
    if held.row_count:
        console.print(held)


def state(report: Report) -> Text:
    """Return what an account may do, and what it might before."""
    if report.frozen is None:
        return Text("submits again" if report.anew else "was not frozen", "green")
    since = datetime.fromtimestamp(report.frozen.since, UTC).strftime("%F %T UTC")
    words = "frozen already," if report.anew is False else "frozen"
    locked = ", logins refused" if report.locked_out else ""
    return Text(f"{words} since {since}: {report.frozen.why}{locked}", "yellow")


def next_steps(login: str) -> str:
    """Return what the operator does once an account is frozen."""
    return (
        "Next:\n"
        f"  1. postwright password {login}: its hash into the vault, then run site.yml\n"
        "  2. postcat -q ID, on the host: look at what is held\n"
        f"  3. postwright release {login}: what is held leaves; --delete-held deletes it"
    )
