"""Publish what the inventory wants in DNS, or show it; runs on the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    failed,
)

from postwright import dns
from postwright.dns import known, saved, show
from postwright.dns.desired import Desired
from postwright.dns.errors import raise_all
from postwright.dns.views import View, summary
from postwright.model import Inventory, load_from_ansible


class ActionModule(OnController):
    """Runs once, on localhost; in check mode it reads the zones and changes nothing."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        "phase": {
            "type": "str",
            "required": True,
            "choices": ["probe", "announce", "cutover", "all"],
        },
        "dkim": {"type": "dict"},
        "only": {"type": "list", "elements": "str", "choices": [*dns.Kind]},
        "plan": {"type": "path"},
        "facts_file": {"type": "path"},
        "adopt": {"type": "list", "elements": "str", "default": []},
        "retire_zones": {"type": "list", "elements": "str", "default": []},
        "wait_timeout": {"type": "int", "default": 300},
        "max_deletions": {"type": "int", "default": dns.Guards.deletions},
        "max_deletion_percent": {"type": "int", "default": dns.Guards.percent},
        "max_deletion_zones": {"type": "int", "default": dns.Guards.zones},
    }

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `changed`, `diff`, `plan`, `manual` and `checked`, or what is wrong."""
        inventory = load_from_ansible(variables, self._templar)
        said = _said(arguments["dkim"], inventory, variables["hostvars"])
        if arguments["facts_file"]:
            known.write(Path(arguments["facts_file"]), said)
        wanted = dns.desired(inventory, said.dkim, said.hosts)
        if arguments["only"]:
            wanted = wanted.only([dns.Kind(kind) for kind in arguments["only"]])
        if arguments["phase"] == "probe":
            return self._probe(inventory, wanted)
        if arguments["phase"] == "all":
            return self._both(inventory, wanted, arguments)
        return self._publish(inventory, wanted, arguments)

    def _probe(self, inventory: Inventory, wanted: Desired) -> dict[str, Any]:
        drivers = dns.drivers(inventory)
        placed = dns.probe(drivers, wanted)
        look = dns.resolver_look(inventory.resolvers)
        notes = dns.check_caa(wanted, look, lambda: dns.owned(drivers, placed, inventory.owner))
        manual = dns.unanswered([*placed.unplaced, *wanted.asked], look)
        zones = sorted(f"{place.zone} ({place.provider})" for place in placed.wants)
        return {
            "changed": False,
            "zones": zones,
            "manual": [show.record(want) for want in manual],
            "warnings": notes,
            "msg": f"{len(zones)} zones can be read and changed",
        }

    def _both(
        self, inventory: Inventory, wanted: Desired, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan both stages, or take a saved plan, and carry it out; in check mode save it."""
        drivers = dns.drivers(inventory)
        file = Path(arguments["plan"]) if arguments["plan"] else None
        checking = self._task.check_mode
        if file and not checking:
            kept = saved.read(file)
            saved.refuse_other(kept, inventory.owner, drivers)
            view = View(kept.stages)
        else:
            order = _order(inventory, dns.Phase.ANNOUNCE, arguments)
            look = dns.resolver_look(inventory.resolvers)
            staged = dns.make_stages(drivers, wanted, order, look)
            manual = [show.record(want) for want in staged.announce.manual]
            view = View(staged.stages, staged.notes, manual)
        plans = [plan for stage in view.stages for plan in stage.plans]
        result: dict[str, Any] = {
            "changed": view.changed,
            "diff": [_diff(plan) for plan in plans if plan.changes],
            "plan": [show.summary(plan) for plan in plans if plan.changes],
            "notes": view.all_notes,
            "manual": list(view.manual),
            "checked": [],
            "msg": summary(view),
        }
        _warn(view.manual)
        if file and checking:
            saved.save(file, inventory.owner, view.stages)
        try:
            raise_all(dns.refusals(view.stages, _guards(arguments)))
            if not checking:
                authorities = dns.Authorities(inventory.resolvers)
                waiting = dns.Waiting(arguments["wait_timeout"], progress=Display().display)
                owner, stages = inventory.owner, view.stages
                result["checked"] = dns.carry_out(drivers, stages, owner, authorities, waiting)
        except dns.DnsError as error:
            return result | failed(str(error)) | {"changed": False}
        return result

    def _publish(
        self, inventory: Inventory, wanted: Desired, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        drivers = dns.drivers(inventory)
        order = _order(inventory, dns.Phase(arguments["phase"]), arguments)
        checking = self._task.check_mode
        unknown = [f"{host} for {domain}" for domain, host in wanted.unknown]
        if unknown and order.phase is dns.Phase.ANNOUNCE and not checking:
            raise AnsibleActionFail(
                f"the DKIM keys are not known of: {', '.join(unknown)}\n"
                "    mend: run playbooks/keys.yml, which makes them on the hosts"
            )
        look = dns.resolver_look(inventory.resolvers)
        planned = dns.make_plans(drivers, wanted, order, look)
        plans = planned.plans.values()
        result: dict[str, Any] = {
            "changed": planned.changed,
            "diff": [_diff(plan) for plan in plans if plan.changes],
            "plan": [show.summary(plan) for plan in plans],
            "replaced": _replaced(plans),
            "notes": [note for plan in plans for note in plan.notes],
            "manual": [show.record(want) for want in planned.manual],
            "checked": [],
        }
        if unknown and order.phase is dns.Phase.ANNOUNCE:
            result["notes"].append(f"DKIM keys are made later by: {', '.join(unknown)}")
        _warn(result["manual"])
        # Ansible shows warnings as they are, and results only where they fail or change.
        result["warnings"] = list(wanted.notes) if order.phase is dns.Phase.CUTOVER else []
        try:
            dns.check(planned, _guards(arguments))
            if order.phase is dns.Phase.ANNOUNCE:
                result["warnings"] += dns.check_caa(wanted, look, lambda: planned.ours)
            if not checking:
                result["checked"] = self._make_true(
                    drivers, planned, inventory, order.phase, arguments["wait_timeout"]
                )
        except dns.DnsError as error:
            return result | failed(str(error)) | {"changed": False}
        return result

    @staticmethod
    def _make_true(
        drivers: Mapping[str, Any],
        planned: dns.Planned,
        inventory: Inventory,
        phase: dns.Phase,
        timeout: int,
    ) -> list[str]:
        """Publish and wait; before mail is directed here, all that it needs must be seen."""
        authorities = dns.Authorities(inventory.resolvers)
        waiting = dns.Waiting(timeout=timeout, progress=Display().display)
        if phase is dns.Phase.CUTOVER:
            dns.prove_announced(planned, authorities, waiting)
        dns.publish(drivers, planned)
        return dns.prove_published(planned, authorities, waiting)


def _said(
    given: Mapping[str, Any] | None, inventory: Inventory, hostvars: Mapping[str, Any]
) -> dns.Known:
    """Return what the hosts said, with the DKIM keys that are given in place of theirs."""
    said = dns.hosts_said(inventory, hostvars)
    if given is None:
        return said
    keys = {
        domain: [dns.DkimKey(key["selector"], key["host"], key["txt"]) for key in keys]
        for domain, keys in given.items()
    }
    return replace(said, dkim=keys)


def _order(inventory: Inventory, phase: dns.Phase, arguments: Mapping[str, Any]) -> dns.Order:
    return dns.Order(
        owner=inventory.owner,
        phase=phase,
        adopt=frozenset(name.lower().rstrip(".") for name in arguments["adopt"]),
        retire_zones=tuple(arguments["retire_zones"]),
    )


def _replaced(plans: Iterable[dns.Plan]) -> list[str]:
    """Return the names at which resolvers may remember what leads astray, which no text does."""
    changes = [change for plan in plans for change in plan.changes]
    return sorted({each.slot.name for each in changes if each.remove and each.slot.type != "TXT"})


def _warn(manual: Sequence[str]) -> None:
    if manual:
        Display().warning(
            "No DNS provider of the inventory serves these; ask whoever does: " + "; ".join(manual)
        )


def _guards(arguments: Mapping[str, Any]) -> dns.Guards:
    return dns.Guards(
        arguments["max_deletions"],
        arguments["max_deletion_percent"],
        arguments["max_deletion_zones"],
    )


def _diff(plan: dns.Plan) -> dict[str, str]:
    return {
        "before_header": f"zone {plan.zone} as it is",
        "after_header": f"zone {plan.zone} as planned",
        "before": show.before(plan),
        "after": show.after(plan),
    }
