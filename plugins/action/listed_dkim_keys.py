"""Tell which of a host's waiting DKIM keys are in DNS."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import OnController

from postwright import dns
from postwright.model import load_from_ansible


class ActionModule(OnController):
    """Runs on the controller, once for each host of the play, and changes nothing."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {"keys": {"type": "dict", "required": True}}

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `listed`; a domain whose servers do not all answer is a warning, and left out."""
        inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
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
        return {"changed": False, "listed": listed, "warnings": warnings}
