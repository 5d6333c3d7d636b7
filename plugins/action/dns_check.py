"""Compare what everybody sees in DNS with the inventory; runs on the controller."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.utils.display import Display
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    write_down,
)

from postwright import dns
from postwright.dns import world
from postwright.dns.world import report
from postwright.model import load_from_ansible
from postwright.report import Entry


class ActionModule(OnController):
    """Runs once, on localhost, and changes nothing; fails where an error was found."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {"blocklists": {"type": "bool", "default": True}}

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `findings`, or fail with them."""
        inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
        said = dns.hosts_said(inventory, variables["hostvars"])
        found = world.look_around(inventory, said, lists=arguments["blocklists"])
        write_down(self, variables, _entries(found))
        errors = [each for each in found if each.severity is world.Severity.ERROR]
        for each in found:
            if each.severity is world.Severity.WARNING:
                Display().warning(f"{each.subject}: {each.seen}; mend: {each.mend}")
        lines = [f"- {e.subject}: {e.seen} ({e.id})\n    mend: {e.mend}" for e in errors]
        return {
            "changed": False,
            "failed": bool(errors),
            "findings": [each.to_dict() for each in found],
            "msg": "\n".join([report.summary(found), *lines]),
        }


def _entries(found: list[world.Finding]) -> list[Entry]:
    """Return what failed, or that nothing did."""
    entries = [
        Entry(
            part="outside", subject=each.subject, check=each.id,
            promise=f"DNS is right ({each.source})", ok=False, seen=each.seen, mend=each.mend,
        )
        for each in found
        if each.severity is world.Severity.ERROR
    ]  # fmt: skip
    good = Entry(
        part="outside", subject="DNS", check="dns", promise="DNS is as the inventory wants it",
        ok=True, seen=report.summary(found),
    )  # fmt: skip
    return entries or [good]
