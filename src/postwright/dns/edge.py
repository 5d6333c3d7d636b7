"""What the verbs share at the edge: reading the inventory, and telling errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from postwright.model import Inventory, InventoryError

from .console import say
from .errors import DnsError, by_hand
from .options import Sources, VaultFiles

CHANGES = 2
"""The exit status that says that something is to be done; 1 is an error."""


def load(sources: Sources, vault_files: VaultFiles, ask: bool, needs_secrets: bool) -> Inventory:
    """Return the inventory that Ansible sees."""
    from postwright.model.controller import UnreadableError, Vault, load_inventory

    try:
        return load_inventory(sources, Vault(vault_files or (), ask, needs_secrets))
    except UnreadableError as error:
        raise DnsError(str(error), "mend the file it names, or give the vault's password") from None


@contextmanager
def errors_told() -> Iterator[None]:
    """Print what the operator has to know, and end with status 1; with 2 where it is left to do."""
    try:
        yield
    except DnsError as error:
        say(str(error), "red")
        raise typer.Exit(CHANGES if by_hand(error) else 1) from None
    except (InventoryError, OSError) as error:
        say(str(error), "red")
        raise typer.Exit(1) from None
