"""Give the probe the model without its secrets; what it may use is stated by the operator."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import write_down

from postwright.model import load_from_ansible, mail_for_verify
from postwright.report import Entry


class ActionModule(ActionBase):
    """Carries the derived values of all mail hosts to the host that probes."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the module's result; it fails where a check failed, naming each."""
        variables = task_vars or {}
        super().run(tmp, variables)
        hosts = mail_for_verify(load_from_ansible(variables, self._templar))["hosts"]
        result: dict[str, Any] = self._execute_module(
            module_name="postwright.mail.probe",
            module_args={**self._task.args, "mails": list(hosts.values())},
            task_vars=variables,
        )
        if result.get("failed"):
            return result
        # Kept out of what Ansible prints: hundreds of checks, of which the failed ones matter.
        results = result.pop("probe_results")
        write_down(self, variables, [Entry(part="outside", **r) for r in results])
        if missed := result["not_probed"]:
            Display().warning(
                f"not probed, for want of a route from here: {', '.join(missed)}. "
                "Name a host that has one in the group mail_probes."
            )
        wrong = [r for r in results if not r["ok"]]
        result["msg"] = f"{len(results) - len(wrong)} of {len(results)} checks from outside passed"
        if not results:
            result |= {"failed": True, "msg": "nothing could be probed from here"}
        if wrong:
            lines = [
                f"- {r['subject']}: {r['promise']}: seen: {r['seen']} ({r['check']})" for r in wrong
            ]
            result |= {"failed": True, "msg": "\n".join([f"{result['msg']}; failed:", *lines])}
        return result
