"""Judge the inventory on the controller, before any host is contacted."""

from __future__ import annotations

from typing import Any

from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    failed,
)

from postwright.model import Inventory, InventoryError, load_from_ansible

NO_BACKUP = (
    "There is no backup: mail_backup is not set (inventory, group_vars/all/mail.yml). A host that "
    "is lost takes all its mail with it. mend: docs/backup.md"
)


class ActionModule(OnController):
    """Runs on the controller only; the result carries the problems as data, never a secret."""

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `domains` and `hosts`, or fail with every problem of the inventory."""
        try:
            inventory = load_from_ansible(variables, self._templar)
        except InventoryError as error:
            problems = [problem.model_dump() for problem in error.problems]
            message = f"{error}\n\nNo host was contacted, nothing was changed."
            return failed(message) | {"problems": problems}
        if problem := _rebuild_problem(variables, inventory):
            return failed(problem)
        warned = {} if inventory.backup else {"warnings": [NO_BACKUP]}
        return warned | {
            "changed": False,
            "domains": sorted(inventory.domains),
            "hosts": sorted(inventory.hosts),
            "problems": [],
        }


def _rebuild_problem(variables: dict[str, Any], inventory: Inventory) -> str:
    """Return why the hosts named by `rebuild` and `without_backup` cannot be those, or nothing."""
    for word in ("rebuild", "without_backup"):
        said = str(variables.get(word, ""))
        named = set() if said.lower() in {"", "true", "false"} else set(said.split(","))
        if strangers := sorted(named - set(inventory.hosts)):
            return (
                f"-e {word}={said}: {', '.join(strangers)} is no host of the group mail_hosts\n"
                f"    mend: name some of {', '.join(sorted(inventory.hosts))}, without blanks"
            )
    asked = "rebuild" in variables and "without_backup" not in variables
    if asked and str(variables["rebuild"]).lower() != "false" and inventory.backup is None:
        return (
            "-e rebuild: there is no backup to bring a host back from, mail_backup is not set\n"
            "    mend: set it (docs/backup.md); to go on without any of the lost mail and keys, "
            f"-e rebuild={variables['rebuild']} -e without_backup={variables['rebuild']}"
        )
    return ""
