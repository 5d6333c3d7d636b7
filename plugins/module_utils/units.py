"""What is known on a host of a systemd unit: by systemd, and by what we noted.

Standard library only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

FOLDER = Path("/var/lib/postwright/loaded")


def record(unit: str) -> Path:
    """Return the file in which the module `daemon` notes what a unit has loaded."""
    return FOLDER / f"{unit}.json"


def unit_property(module: AnsibleModule, name: str, unit: str) -> str:
    """Return one property of a unit, as `systemctl show` prints it."""
    return str(module.run_command(["systemctl", "show", "-P", name, unit])[1]).strip()
