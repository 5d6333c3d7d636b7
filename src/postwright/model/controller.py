"""The inventory read without a playbook, by ansible-core's own classes: both then see the same.

This is the only module here that needs ansible-core to be importable; it is imported late, since
that costs half a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.cli import CLI  # type: ignore[import-untyped]
from ansible.errors import AnsibleError  # type: ignore[import-untyped]
from ansible.inventory.manager import InventoryManager  # type: ignore[import-untyped]
from ansible.parsing.dataloader import DataLoader  # type: ignore[import-untyped]
from ansible.parsing.vault import AnsibleVaultError  # type: ignore[import-untyped]
from ansible.plugins.loader import init_plugin_loader  # type: ignore[import-untyped]
from ansible.template import Templar  # type: ignore[import-untyped]
from ansible.vars.hostvars import HostVars  # type: ignore[import-untyped]
from ansible.vars.manager import VariableManager  # type: ignore[import-untyped]

from .inventory import Inventory
from .origin import place_of
from .variables import load_from_ansible


@dataclass(frozen=True)
class Vault:
    """Where the vault's password comes from, beside ANSIBLE_VAULT_PASSWORD_FILE and ansible.cfg.

    `needed`: without it, what cannot be decrypted counts as a secret that nobody will ask for.
    """

    password_files: Sequence[Path] = ()
    ask: bool = False
    needed: bool = True


class UnreadableError(Exception):
    """Ansible cannot read the inventory."""


def load_inventory(sources: Sequence[Path], vault: Vault) -> Inventory:
    """Return the inventory of `ansible-playbook -i SOURCE ...`; once a process, as Ansible wants.

    Raises:
        UnreadableError: Ansible cannot read it.
        InventoryError: something is wrong with what it says.
    """
    init_plugin_loader()
    loader = DataLoader() if vault.needed else _Tolerant()
    try:
        loader.set_vault_secrets(_secrets(loader, vault))
        manager = InventoryManager(loader=loader, sources=[str(source) for source in sources])
        variables = VariableManager(loader=loader, inventory=manager)
        hostvars = HostVars(manager, variables, loader)
        seen: dict[str, Any] = {**variables.get_vars(), "hostvars": hostvars}
        templar = Templar(loader=loader, variables=seen)
        return load_from_ansible(seen, templar, needs_secrets=vault.needed)
    except AnsibleError as error:
        # `message` alone: the whole text quotes lines of the file.
        what = f"the inventory cannot be read: {_where(error)}{error.message}"
        raise UnreadableError(what) from None


def _secrets(loader: DataLoader, vault: Vault) -> Any:
    try:
        return CLI.setup_vault_secrets(
            loader,
            vault_ids=[],
            vault_password_files=[str(file) for file in vault.password_files],
            ask_vault_pass=vault.ask,
            auto_prompt=False,
        )
    except AnsibleError:
        if vault.needed:
            raise
        return []


def _where(error: BaseException | None) -> str:
    """Return the file and line that an error, or what it came from, was raised for."""
    while error is not None:
        if place := place_of(getattr(error, "obj", None)):
            return f"{place.file}:{place.line}: "
        error = error.__cause__ or error.__context__
    return ""


class _Tolerant(DataLoader):  # type: ignore[misc]
    """Reads a file that it cannot decrypt as an empty one."""

    def get_text_file_contents(self, file_name: str, encoding: str | None = None) -> str:
        try:
            return str(super().get_text_file_contents(file_name, encoding))
        except AnsibleVaultError:
            return ""
