"""`postwright reports`: what others report about our mail, from files, a Maildir or a mailbox."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from postwright.dns.console import say
from postwright.dns.edge import errors_told, load
from postwright.dns.options import AskVault, Sources, VaultFiles

from . import imap, sources
from .collect import collect
from .errors import ReportError
from .imap import Mailbox
from .show import show
from .sources import Item
from .summary import summarise

FAILURES = 2
"""The exit status that says that failures are reported; 1 is an error."""
PASSWORD = "POSTWRIGHT_PASSWORD"  # noqa: S105  (the variable's name)


def reports(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...",
            exists=True,
            show_default=False,
            help="Reports (XML, JSON, .gz, .zip), messages that carry one, or Maildirs.",
        ),
    ] = None,
    inventory: Sources = None,  # type: ignore[assignment]
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
    imap_host: Annotated[
        str | None, typer.Option("--imap", metavar="HOST", help="Read a mailbox there, port 993.")
    ] = None,
    login: Annotated[
        str | None,
        typer.Option(
            help=f"The account's address. Its password is asked for, or taken from {PASSWORD}."
        ),
    ] = None,
    folder: Annotated[str, typer.Option(help="The mailbox's folder.")] = "INBOX",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Leave out reports that end before this day."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Sum up DMARC and TLS reports; with -i, say which failures are our own hosts'.

    Nothing is changed, and no message is marked as read. Exit status: 0 no failure is reported,
    2 failures are, 1 a report could not be read.
    """
    with errors_told():
        found = load(inventory, vault_password_file, ask_vault_pass, False) if inventory else None
        try:
            collected = collect(
                _items(paths or [], _mailbox(imap_host, login, folder), since),
                since.date() if since else None,
            )
        except ReportError as error:
            say(str(error), "red")
            raise typer.Exit(1) from None
    summary = summarise(collected, found)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        show(summary, Console())
    if summary.broken or summary.failed:
        raise typer.Exit(1 if summary.broken else FAILURES)


def _mailbox(host: str | None, login: str | None, folder: str) -> Mailbox | None:
    if bool(host) != bool(login):
        raise ReportError("a mailbox needs a host and an account", "give both --imap and --login")
    return Mailbox(host, login, folder) if host and login else None


def _items(
    paths: Sequence[Path], mailbox: Mailbox | None, since: datetime | None
) -> Iterator[Item | ReportError]:
    if not paths and mailbox is None:
        raise ReportError("nothing is named to read", "name a PATH, or --imap HOST --login ADDRESS")
    for path in paths:
        yield from sources.items(path)
    if mailbox is not None:
        yield from imap.items(mailbox, _password(mailbox), since.date() if since else None)


def _password(mailbox: Mailbox) -> str:
    """Return the password; never an option, which others on the machine could read."""
    given = os.environ.get(PASSWORD)
    return given or typer.prompt(f"Password of {mailbox.address}", hide_input=True, err=True)
