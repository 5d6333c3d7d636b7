"""Give a mail host the typed value `mail`, from which all templates print."""

from __future__ import annotations

from typing import Any

from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    failed,
)

from postwright.model import derive, load_from_ansible


class ActionModule(OnController):
    """Runs on the controller only, once for each host of the play."""

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return the fact `mail`; the output is hidden, since it holds password hashes."""
        name = variables["inventory_hostname"]
        inventory = load_from_ansible(variables, self._templar)
        if name not in inventory.hosts:
            return failed(
                f"{name} is not in the group mail_hosts, so the inventory says nothing of it"
            )
        return {
            "changed": False,
            "ansible_facts": {"mail": derive(inventory, name).model_dump(mode="json")},
            # As ansible.builtin.include_vars does it: the fact is set, the output is not shown.
            "_ansible_no_log": True,
        }
