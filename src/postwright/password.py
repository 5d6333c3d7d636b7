"""`postwright password`: the hash of a password, in the form that the inventory has."""

from __future__ import annotations

import re
import secrets
from typing import Annotated

import typer
from argon2 import PasswordHasher

from postwright.dns.console import say
from postwright.model.hashes import ARGON2ID

SHORTEST = 8
"""OWASP, and NIST SP 800-63B 3.1.1.2: shorter ones are guessed."""
_GROUPS, _LETTERS = 5, 4
# 32 signs that nobody takes for one another; 20 of them are 100 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def password(
    address: Annotated[
        str | None, typer.Argument(help="The account it is for, to be told where to put it.")
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password, and show it this once.")
    ] = False,
) -> None:
    """Ask for a password twice, unseen, and print its argon2id hash for the inventory.

    The hash alone goes to standard output. The password is in no option, which others on the
    machine could read, and is kept nowhere.
    """
    if generate:
        clear = generated()
        say(f"The password, shown this once: {clear}", "bold")
    else:
        clear = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        if len(clear) < SHORTEST:
            say(f"the password has less than {SHORTEST} signs; choose a longer one", "red")
            raise typer.Exit(1)
    typer.echo(hashed(clear))
    say(place(address))


def generated() -> str:
    """Return a new password: groups of letters and digits, 100 random bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _LETTERS)]
    return "-".join("".join(letters[at : at + _LETTERS]) for at in range(0, 20, _LETTERS))


def hashed(clear: str) -> str:
    """Return a password's hash with Dovecot's {SCHEME}, at the model's cost and with a new salt."""
    hasher = PasswordHasher(
        time_cost=ARGON2ID.iterations,
        memory_cost=ARGON2ID.memory,
        parallelism=ARGON2ID.parallelism,
    )
    return "{ARGON2ID}" + hasher.hash(clear)


def place(address: str | None) -> str:
    """Return where a hash goes: into the vault, with its name in the account."""
    local, _, domain = (address or "taro@example.org").partition("@")
    variable = "vault_" + re.sub(r"\W", "_", f"{local}_{domain}".rstrip("_"))
    return (
        "Put it into the vault (ansible-vault edit .../group_vars/all/vault.yml), in quotes:\n"
        f'  {variable}: "{{ARGON2ID}}..."\n'
        f"and its name into mail_domains, at accounts of {domain or 'its domain'}:\n"
        f'  {local}: {{password_hash: "{{{{ {variable} }}}}"}}'
    )
