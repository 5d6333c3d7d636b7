"""`postwright trace`: a message's way through all hosts, in one timeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from postwright.dns.console import say
from postwright.dns.edge import errors_told
from postwright.dns.options import Sources, VaultFiles

from .events import Event, timeline
from .gather import Answer, gather

_STYLES = {"delivered": "green", "waits": "yellow", "refused": "red", "given up": "red"}


def trace(
    wanted: Annotated[
        str, typer.Argument(metavar="MESSAGE-ID|ADDRESS|QUEUE-ID", help="What to look for.")
    ],
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    since: Annotated[
        str, typer.Option(help="How far back to look, as journalctl(1) takes it.")
    ] = "-2 days",
    as_json: Annotated[bool, typer.Option("--json", help="Print the events as JSON.")] = False,
) -> None:
    """Show what Postfix, Rspamd and Dovecot did with a message, on every host of the inventory.

    Bounces and forwards are followed, too. Nothing is changed. Exit status: 0 something was found,
    1 nothing was, or a host could not be asked.
    """
    with errors_told():
        answers = gather(inventory, vault_password_file or (), wanted, since)
    events = timeline([line for answer in answers for line in answer.lines])
    if as_json:
        typer.echo(json.dumps([each.model_dump() for each in events], indent=2))
    else:
        show(events, Console())
    for answer in answers:
        if answer.cut:
            say(f"{answer.host} knows more than fits: name one message, or a shorter --since")
    if not events:
        say(nothing(wanted, since, answers), "red")
        raise typer.Exit(1)


def show(events: Sequence[Event], console: Console) -> None:
    """Print the events, each with its time, host and queue id."""
    if events:
        console.print("Times are in UTC.", style="dim")
    for each in events:
        program = each.program.removeprefix("postfix/")
        head = f"{at(each.time, 'milliseconds')}  {each.host}  {each.queue_id or '-':<15}  "
        line = Text(f"{head}{program}: ", style="dim")
        style = next((_STYLES[key] for key in _STYLES if each.what.startswith(key)), "bold")
        line.append(each.what, style=style).append(f"  {each.detail}", style="default")
        console.print(line, soft_wrap=True)


def nothing(wanted: str, since: str, answers: Sequence[Answer]) -> str:
    """Return that nothing was found, and where."""
    reach = "; ".join(
        f"{each.host}'s journal begins {at(each.oldest, 'minutes')} UTC"
        if each.oldest
        else f"{each.host}'s journal is empty"
        for each in answers
    )
    return f"No host knows {wanted} (--since '{since}'). {reach}."


def at(seconds: float, precision: str) -> str:
    """Return a time as people read it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ", precision)
