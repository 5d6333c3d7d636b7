"""Tell which of a host's TLS keys are in DNS, as the host's own program wants to hear it."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    failed,
)

from postwright import dns
from postwright.model import InventoryError, load_from_ansible


class ActionModule(OnController):
    """Runs on the controller, once for each host of the play, and changes nothing."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        "hostname": {"type": "str", "required": True},
        "needed": {"type": "bool", "default": True},
    }

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `words`, or why nobody can say: a warning where that is not needed now."""
        try:
            inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
            authorities = dns.Authorities(inventory.resolvers)
            listed = dns.listed_keys(arguments["hostname"], authorities)
        except (InventoryError, dns.DnsError) as error:
            if not arguments["needed"]:
                return {"changed": False, "words": None, "warnings": [str(error)]}
            return failed(str(error))
        ttl = [] if listed.ttl is None else ["--ttl", str(listed.ttl)]
        return {"changed": False, "words": [*listed.keys, *ttl]}
