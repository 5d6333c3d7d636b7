"""The command `postwright`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from postwright.backup.cli import app as backup
from postwright.dns.cli import app as dns
from postwright.freeze.cli import freeze, frozen, release
from postwright.password import password
from postwright.report import read
from postwright.report.page import show
from postwright.reports.cli import reports
from postwright.trace.cli import trace

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # A traceback of its kind shows values, and among those may be a secret.
    pretty_exceptions_enable=False,
    help=__doc__,
)
app.add_typer(dns, name="dns")
app.add_typer(backup, name="backup")
app.command()(reports)
app.command()(password)
app.command()(trace)
app.command()(freeze)
app.command()(release)
app.command()(frozen)

# A status of 2 means changes here: a command that cannot be understood is an error like any other.
# Typer keeps click's UsageError to itself; it is what BadParameter derives from.
typer.BadParameter.__mro__[1].exit_code = 1  # type: ignore[attr-defined]


@app.callback()
def main() -> None:
    """Mail servers built, published, proven and rebuilt from one inventory."""


@app.command()
def report(
    file: Annotated[Path, typer.Argument(help="What verify wrote (verify_report).", exists=True)],
) -> None:
    """Show what the last verification found; exit status 1 where a check failed."""
    if not show(read(file), Console()):
        raise typer.Exit(1)
