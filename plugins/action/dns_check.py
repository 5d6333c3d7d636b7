"""Compare what everybody sees in DNS with the inventory; runs on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from postwright import dns
from postwright.dns import world
from postwright.dns.world import report
from postwright.model import InventoryError, load_from_ansible
from postwright.report import Entry, append

ARGUMENTS = {"blocklists": {"type": "bool", "default": True}}


class ActionModule(ActionBase):
    """Runs once, on localhost, and changes nothing; fails where an error was found."""

    _requires_connection = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `findings`, or fail with them."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
            said = dns.hosts_said(inventory, variables["hostvars"])
            found = world.look_around(inventory, said, lists=arguments["blocklists"])
        except (InventoryError, dns.DnsError) as error:
            return result | {"failed": True, "msg": str(error)}
        self._report(variables, found)
        errors = [each for each in found if each.severity is world.Severity.ERROR]
        for each in found:
            if each.severity is world.Severity.WARNING:
                Display().warning(f"{each.subject}: {each.seen}; mend: {each.mend}")
        lines = [f"- {e.subject}: {e.seen} ({e.id})\n    mend: {e.mend}" for e in errors]
        return result | {
            "changed": False,
            "failed": bool(errors),
            "findings": [each.to_dict() for each in found],
            "msg": "\n".join([report.summary(found), *lines]),
        }

    def _report(self, variables: dict[str, Any], found: list[world.Finding]) -> None:
        """Write down what failed, or that nothing did."""
        if not variables.get("verify_report"):
            return
        errors = [each for each in found if each.severity is world.Severity.ERROR]
        entries = [
            Entry(
                part="outside", subject=each.subject, check=each.id,
                promise=f"DNS is right ({each.source})", ok=False, seen=each.seen,
                mend=each.mend,
            )
            for each in errors
        ]  # fmt: skip
        good = Entry(
            part="outside", subject="DNS", check="dns", promise="DNS is as the inventory wants it",
            ok=True, seen=report.summary(found),
        )  # fmt: skip
        append(Path(self._templar.template(variables["verify_report"])), entries or [good])
