"""`postwright dns check`: the world against the inventory, without anybody's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from postwright.model import Inventory

from . import known, views
from .edge import CHANGES, errors_told, load
from .facts import Known
from .options import AskVault, Facts, Format, Output, Sources, VaultFiles
from .world import Finding, Severity, look_around
from .world import report as reports

SERIOUS = {False: {Severity.ERROR}, True: {Severity.ERROR, Severity.WARNING}}


def look_at(inventory: Inventory, facts: Path | None, lists: bool) -> list[Finding]:
    """Return what is wrong with the world, by the inventory's resolvers or the system's."""
    return look_around(inventory, known.read(facts) if facts else Known(), lists=lists)


def check(
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
    facts: Facts = None,
    output: Output = Format.TEXT,
    blocklists: Annotated[bool, typer.Option(help="Ask the blocklists too.")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are drift too.")] = False,
) -> None:
    """Compare what everybody sees in DNS with the inventory; the vault is not needed.

    Exit status: 0 no error was found, 2 errors (with --strict also warnings), 1 nothing could be
    checked.
    """
    with errors_told():
        found = look_at(
            load(inventory, vault_password_file, ask_vault_pass, False), facts, blocklists
        )
    if output is Format.TEXT:
        reports.show(found, Console())
    elif output is Format.MARKDOWN:
        typer.echo(reports.markdown(found))
    else:
        typer.echo(views.to_json(reports.data(found)))
    if any(each.severity in SERIOUS[strict] for each in found):
        raise typer.Exit(CHANGES)
