"""Tell which of a host's waiting DKIM keys are in DNS."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from postwright import dns
from postwright.model import InventoryError, load_from_ansible

ARGUMENTS = {"keys": {"type": "dict", "required": True}}


class ActionModule(ActionBase):
    """Runs on the controller, once for each host of the play, and changes nothing."""

    _requires_connection = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `listed`; a domain whose servers do not all answer is a warning, and left out."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
        except InventoryError as error:
            return result | {"failed": True, "msg": str(error)}
        authorities = dns.Authorities(inventory.resolvers)
        listed, warnings = {}, []
        for domain, keys in arguments["keys"].items():
            waiting = {key["selector"]: key["txt"] for key in keys if key["waits"]}
            if not waiting:
                continue
            try:
                found = dns.listed_selectors(domain, waiting, authorities)
            except dns.DnsError as error:
                warnings.append(f"{domain}: not known is {error}")
                continue
            listed[domain] = {"selectors": list(found.selectors), "ttl": found.ttl}
        return result | {"changed": False, "listed": listed, "warnings": warnings}
