"""`postwright freeze`, `release` and `frozen`: accounts stopped on all hosts that serve them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from postwright.dns.console import say
from postwright.dns.edge import errors_told, load
from postwright.dns.options import Sources, VaultFiles
from postwright.model.variables import GROUP

from .account import account
from .answers import Answer, ask
from .show import next_steps, show

Address = Annotated[str, typer.Argument(help="The account, in full.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the hosts did as JSON.")]


def freeze(
    address: Address,
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    lock_out: Annotated[
        bool, typer.Option(help="Refuse its logins, too, until it is released.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop an account: it submits nothing more, its queued mail is held, its sessions are ended.

    Mail for it goes on coming in. Exit status: 0 it is frozen on all hosts of its domain, 1 a host
    could not be asked.
    """
    words = ["freeze", *["--lock-out"] * lock_out]
    login, answers = _asked(address, words, inventory, vault_password_file)
    _told(answers, as_json)
    if any(each.reports for each in answers) and not as_json:
        typer.echo(next_steps(login))
    _ended(answers)


def release(
    address: Address,
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    delete_held: Annotated[
        bool, typer.Option("--delete-held", help="Delete what is held, where else it leaves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let an account submit again, its counts anew; what was held of it leaves.

    Exit status: 0 it submits again on all hosts of its domain, 1 a host could not be asked.
    """
    words = ["release", *["--delete-held"] * delete_held]
    _, answers = _asked(address, words, inventory, vault_password_file)
    _told(answers, as_json)
    _ended(answers)


def frozen(
    inventory: Sources, vault_password_file: VaultFiles = None, as_json: AsJson = False
) -> None:
    """Show who is frozen on which host, since when and why, and what is held of each.

    Exit status: 0 all hosts answered, 1 one could not be asked.
    """
    with errors_told():
        answers = ask(inventory, vault_password_file or (), GROUP, ["frozen"])
    _told(answers, as_json)
    if not as_json and not any(each.reports for each in answers):
        typer.echo("No account is frozen.")
    _ended(answers)


def _asked(
    address: str, words: Sequence[str], inventory: Sources, vault_files: VaultFiles
) -> tuple[str, list[Answer]]:
    with errors_told():
        model = load(inventory, vault_files, ask=False, needs_secrets=False)
        login, domain = account(model, address)
        pattern = ",".join(domain.serving)
        return login, ask(inventory, vault_files or (), pattern, [*words, login])
    raise AssertionError


def _told(answers: Sequence[Answer], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([each.model_dump() for each in answers], indent=2))
    else:
        show(answers, Console())


def _ended(answers: Sequence[Answer]) -> None:
    """End with status 1 where a host did nothing."""
    silent = [each.host for each in answers if each.trouble]
    if silent:
        say(f"Not done on {', '.join(silent)}: mend that, then say it again.", "red")
        raise typer.Exit(1)
