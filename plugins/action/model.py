"""Give a mail host the typed value `mail`, from which all templates print."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from postwright.model import InventoryError, derive, load_from_ansible


class ActionModule(ActionBase):
    """Runs on the controller only, once for each host of the play."""

    _requires_connection = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the fact `mail`; the output is hidden, since it holds password hashes."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        self.validate_argument_spec({})
        name = variables["inventory_hostname"]
        try:
            inventory = load_from_ansible(variables, self._templar)
        except InventoryError as error:
            return result | {"failed": True, "msg": str(error)}
        if name not in inventory.hosts:
            message = f"{name} is not in the group mail_hosts, so the inventory says nothing of it"
            return result | {"failed": True, "msg": message}
        return result | {
            "changed": False,
            "ansible_facts": {"mail": derive(inventory, name).model_dump(mode="json")},
            # As ansible.builtin.include_vars does it: the fact is set, the output is not shown.
            "_ansible_no_log": True,
        }
