"""Judge a host before it is changed: from inside by the module, from outside by SSH."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Fails with every problem of the host and its mend; returns C(host) otherwise."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the module's result, with what was learnt as C(host)."""
        variables = task_vars or {}
        super().run(tmp, variables)
        name = variables["inventory_hostname"]
        if problem := self._no_way_in():
            return self._failed(name, [problem])
        result: dict[str, Any] = self._execute_module(
            module_name="postwright.mail.host_preflight", task_vars=variables
        )
        if result.get("failed"):
            return result
        host = result["host"]
        problems = list(result["problems"])
        port = int(variables.get("ansible_port") or 22)
        problems += [
            problem
            for address in host["foreign_addresses"]
            for problem in self._elsewhere(str(address), port, host["ssh_host_keys"])
        ]
        if problems:
            return self._failed(name, problems)
        return {"changed": False, "host": host}

    def _no_way_in(self) -> dict[str, str] | None:
        """Return why no module could run on the host as root, or None."""
        if self._low_level_execute_command("command -v python3", sudoable=False)["rc"] != 0:
            return {
                "what": "python3 was not found on this host",
                "mend": "install it: apt-get install python3 (as root)",
            }
        tried = self._low_level_execute_command("id -u")
        if tried["stdout"].split()[-1:] == ["0"]:
            return None
        # Under a terminal, what sudo says comes on standard output.
        said = " ".join(f"{tried['stdout']} {tried['stderr']}".split())
        user = self._low_level_execute_command("id -un", sudoable=False)["stdout"].strip()
        return {
            "what": f"the user {user} does not become root here: {said}",
            "mend": f"install sudo and let {user} use it (with --ask-become-pass, where it wants "
            "a password), or set ansible_user: root",
        }

    @staticmethod
    def _elsewhere(address: str, port: int, keys: list[str]) -> list[dict[str, str]]:
        """A stated address is on no interface: behind NAT our SSH key answers there, else not."""
        scanner = shutil.which("ssh-keyscan")
        answer = ""
        if scanner:
            answer = subprocess.run(
                [scanner, "-T", "5", "-p", str(port), address],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
        seen = {
            " ".join(line.split()[1:3]) for line in answer.splitlines() if not line.startswith("#")
        }
        if seen & set(keys):
            return []
        who = "another host answers there" if seen else f"nobody answers there on port {port}"
        return [
            {
                "what": f"the stated address {address} is not this host's: it is on none of its "
                f"interfaces, and {who}",
                "mend": "correct mail_ipv4, mail_ipv6 or mail_other_addresses of this host in the "
                "inventory, or the address translation in front of it",
            }
        ]

    @staticmethod
    def _failed(name: str, problems: list[dict[str, str]]) -> dict[str, Any]:
        lines = [f"{name}: {p['what']}\n    mend: {p['mend']}" for p in problems]
        return {"failed": True, "msg": "\n".join(lines), "problems": problems}
