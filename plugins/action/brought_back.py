"""Wait for a part of a backup that a host brings back, and show how far it is."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

ARGUMENTS = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "stdin": {"type": "str", "default": ""},
}
FOLLOW = ["/usr/local/sbin/postwright-backup", "follow"]


class ActionModule(ActionBase):
    """Starts it once, then asks again and again: a connection that breaks ends nothing."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what came back as `said`, or fail with what the host says."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        if self._task.check_mode:
            return result | {"skipped": True, "msg": "a dry run brings nothing back"}
        command, stdin, did = arguments["argv"], arguments["stdin"], False
        while True:
            told = self._told(command, stdin, variables)
            if told["rc"]:
                return result | {"failed": True, "msg": told["stderr"]}
            progress = json.loads(told["stdout"])
            did = did or progress["did"]
            if progress["done"]:
                return result | {"changed": did, "said": progress["said"]}
            Display().display(f"  {variables['inventory_hostname']}: {progress['said']}")
            command, stdin = FOLLOW, ""

    def _told(self, command: list[str], stdin: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return how a command on the host went."""
        words = {"argv": [*command, "--json"], "stdin": stdin}
        told: dict[str, Any] = self._execute_module(
            module_name="ansible.builtin.command", module_args=words, task_vars=variables
        )
        return {"rc": told.get("rc", 1), "stdout": told.get("stdout", ""),
                "stderr": told.get("stderr") or told.get("msg", "")}  # fmt: skip
