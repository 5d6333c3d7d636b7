"""Take units and what belongs to them away from a host (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gone
short_description: Units, and what they were run with, are no longer there
description:
  - Stops and disables systemd units that run or are enabled, removes files and directories, and has
    systemd forget units whose files went.
  - What the module M(postwright.mail.daemon) noted of the units goes last.
  - A run that was killed between two of these steps is mended by the next one.
options:
  units:
    description: Systemd units. One that was never there is passed by.
    type: list
    elements: str
    default: []
  paths:
    description: Files, and directories with all that lies in them, in the order in which they go.
    type: list
    elements: path
    default: []
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Nobody counts any more
  postwright.mail.gone:
    units: [count.timer]
    paths: [/etc/systemd/system/count.timer, /etc/systemd/system/count.service]
"""

RETURN = r"""
did:
  description: What was done, in order, for the operator.
  type: list
  elements: str
  returned: always
"""

import shutil
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.units import record, unit_property


class Host:
    """The host's units and files, and what was done to them."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.did: list[str] = []

    def _systemctl(self, *words: str) -> None:
        self.module.run_command(["systemctl", *words], check_rc=True)

    def stop(self, unit: str) -> None:
        """Stop and disable a unit; what it failed of is forgotten."""
        state = unit_property(self.module, "ActiveState", unit)
        enabled = unit_property(self.module, "UnitFileState", unit) == "enabled"
        if state in {"inactive", "failed"} and not enabled:
            return
        self.did.append(f"stopped {unit}")
        if not self.module.check_mode:
            # One whose file has gone before can be stopped, not disabled.
            self._systemctl("stop", unit)
            if enabled:
                self._systemctl("disable", unit)

    def remove(self, path: Path) -> None:
        """Remove a file, or a directory with all that lies in it."""
        if not (path.exists() or path.is_symlink()):
            return
        self.did.append(f"removed {path}")
        if self.module.check_mode:
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def forget(self, units: list[str]) -> None:
        """Have systemd forget units whose files went."""
        if self.module.check_mode:
            return
        if any(unit_property(self.module, "NeedDaemonReload", unit) == "yes" for unit in units):
            self._systemctl("daemon-reload")
        for unit in units:
            if unit_property(self.module, "ActiveState", unit) == "failed":
                self._systemctl("reset-failed", unit)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    host, units = Host(module), module.params["units"]
    for unit in units:
        host.stop(unit)
    for path in module.params["paths"]:
        host.remove(Path(path))
    host.forget(units)
    for unit in units:
        host.remove(record(unit))
    module.exit_json(changed=bool(host.did), did=host.did)


if __name__ == "__main__":
    main()
