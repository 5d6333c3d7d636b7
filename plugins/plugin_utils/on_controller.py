"""What actions have in common that run on the controller."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from postwright.dns import DnsError
from postwright.model import InventoryError
from postwright.report import Entry, append


class OnController(ActionBase):
    """An action that needs no connection; a wrong inventory, or an error of DNS, fails its task."""

    _requires_connection = False
    ARGUMENTS: ClassVar[dict[str, Any]] = {}

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what `act` returns, or its error in words."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(self.ARGUMENTS)
        try:
            return result | self.act(arguments, variables)
        except (InventoryError, DnsError) as error:
            return result | failed(str(error))

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Do what the action is for; return its result.

        Raises:
            InventoryError: the inventory is wrong.
            DnsError: DNS is.
        """
        raise NotImplementedError


def failed(message: str) -> dict[str, Any]:
    """Return the result of a task that failed."""
    return {"failed": True, "msg": message}


def write_down(action: ActionBase, variables: dict[str, Any], entries: Iterable[Entry]) -> None:
    """Append to the report that the operator asked for, if he did (`verify_report`)."""
    if file := variables.get("verify_report"):
        append(Path(action._templar.template(file)), list(entries))
