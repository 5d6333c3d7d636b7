"""The command `postwright`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from postwright.report import read
from postwright.report.page import show

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


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
