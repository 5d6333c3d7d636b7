"""Tell which of a host's TLS keys are in DNS, as the host's own program wants to hear it."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from postwright import dns
from postwright.model import InventoryError, load_from_ansible

ARGUMENTS = {
    "hostname": {"type": "str", "required": True},
    "needed": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Runs on the controller, once for each host of the play, and changes nothing."""

    _requires_connection = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `words`, or why nobody can say: a warning where that is not needed now."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
            authorities = dns.Authorities(inventory.resolvers)
            listed = dns.listed_keys(arguments["hostname"], authorities)
        except (InventoryError, dns.DnsError) as error:
            if not arguments["needed"]:
                return result | {"changed": False, "words": None, "warnings": [str(error)]}
            return result | {"failed": True, "msg": str(error)}
        ttl = [] if listed.ttl is None else ["--ttl", str(listed.ttl)]
        return result | {"changed": False, "words": [*listed.keys, *ttl]}
