"""Render a daemon's files on the controller, then bring them into force on the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader


class ActionModule(ActionBase):
    """Templates become text here; everything else happens in the module of the same name."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the module's result.

        Raises:
            AnsibleError: a template or file of the role cannot be found or rendered.
        """
        variables = task_vars or {}
        super().run(tmp, variables)
        arguments = dict(self._task.args)
        arguments["files"] = [self._rendered(spec, variables) for spec in arguments["files"]]
        result: dict[str, Any] = self._execute_module(
            module_name="postwright.mail.daemon",
            module_args=arguments,
            task_vars=variables,
        )
        return result

    def _rendered(self, spec: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        if "src" not in spec:
            return dict(spec)
        rest = {key: value for key, value in spec.items() if key != "src"}
        source = str(spec["src"])
        if not source.endswith(".j2"):
            path = self._find_needle("files", source)
            return rest | {"content": Path(path).read_text(encoding="utf-8")}
        path = self._find_needle("templates", source)
        template = lookup_loader.get(
            "ansible.builtin.template", loader=self._loader, templar=self._templar
        )
        return rest | {"content": template.run([path], variables=variables)[0]}
