"""Judge the inventory on the controller, before any host is contacted."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from postwright.model import InventoryError, load_from_ansible

NO_BACKUP = (
    "There is no backup: mail_backup is not set (inventory, group_vars/all/mail.yml). A host that "
    "is lost takes all its mail with it. mend: docs/backup.md"
)


class ActionModule(ActionBase):
    """Runs on the controller only; the result carries the problems as data, never a secret."""

    _requires_connection = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `domains` and `hosts`, or fail with every problem of the inventory."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        self.validate_argument_spec({})
        try:
            inventory = load_from_ansible(variables, self._templar)
        except InventoryError as error:
            problems = [problem.model_dump() for problem in error.problems]
            message = f"{error}\n\nNo host was contacted, nothing was changed."
            return result | {"failed": True, "msg": message, "problems": problems}
        if inventory.backup is None:
            result["warnings"] = [NO_BACKUP]
        return result | {
            "changed": False,
            "domains": sorted(inventory.domains),
            "hosts": sorted(inventory.hosts),
            "problems": [],
        }
