"""Publish what the inventory wants in DNS, or show it; runs on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from postwright import dns
from postwright.dns import show
from postwright.dns.caa import DEFAULT_ISSUER, ISSUERS
from postwright.dns.desired import Desired
from postwright.model import Inventory, InventoryError, load_from_ansible

ARGUMENTS = {
    "phase": {"type": "str", "required": True, "choices": ["probe", "announce", "cutover"]},
    "dkim": {"type": "dict"},
    "adopt": {"type": "list", "elements": "str", "default": []},
    "retire_zones": {"type": "list", "elements": "str", "default": []},
    "wait_timeout": {"type": "int", "default": 300},
    "max_deletions": {"type": "int", "default": dns.Guards.deletions},
    "max_deletion_percent": {"type": "int", "default": dns.Guards.percent},
    "max_deletion_zones": {"type": "int", "default": dns.Guards.zones},
}


class ActionModule(ActionBase):
    """Runs once, on localhost; in check mode it reads the zones and changes nothing."""

    _requires_connection = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `changed`, `diff`, `plan`, `manual` and `checked`, or what is wrong."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            inventory = load_from_ansible(variables, self._templar)
            keys = _keys(arguments["dkim"], inventory, variables["hostvars"])
            wanted = dns.desired(inventory, keys, _facts(inventory, variables["hostvars"]))
            if arguments["phase"] == "probe":
                return result | self._probe(inventory, wanted)
            return self._publish(result, inventory, wanted, arguments)
        except (InventoryError, dns.DnsError) as error:
            return result | {"failed": True, "msg": str(error)}

    def _probe(self, inventory: Inventory, wanted: Desired) -> dict[str, Any]:
        placed = dns.probe(dns.drivers(inventory), wanted)
        look = dns.resolver_look(inventory.resolvers)
        notes = dns.check_caa(wanted, look)
        manual = [
            each for each in (*placed.unplaced, *wanted.asked) if not dns.answered(each, look)
        ]
        zones = sorted(f"{place.zone} ({place.provider})" for place in placed.wants)
        return {
            "changed": False,
            "zones": zones,
            "manual": [_line(want) for want in manual],
            "warnings": notes,
            "msg": f"{len(zones)} zones can be read and changed",
        }

    def _publish(
        self,
        result: dict[str, Any],
        inventory: Inventory,
        wanted: Desired,
        arguments: Mapping[str, Any],
    ) -> dict[str, Any]:
        drivers = dns.drivers(inventory)
        order = dns.Order(
            owner=inventory.owner,
            phase=dns.Phase(arguments["phase"]),
            adopt=frozenset(name.lower().rstrip(".") for name in arguments["adopt"]),
            retire_zones=tuple(arguments["retire_zones"]),
        )
        checking = self._task.check_mode
        unknown = [f"{host} for {domain}" for domain, host in wanted.unknown]
        if unknown and order.phase is dns.Phase.ANNOUNCE and not checking:
            raise AnsibleActionFail(
                f"the DKIM keys are not known of: {', '.join(unknown)}\n"
                "    mend: run playbooks/keys.yml, which makes them on the hosts"
            )
        planned = dns.make_plans(drivers, wanted, order)
        plans = planned.plans.values()
        look = dns.resolver_look(inventory.resolvers)
        manual = [want for want in planned.manual if not dns.answered(want, look)]
        result |= {
            "changed": planned.changed,
            "diff": [_diff(plan) for plan in plans if plan.changes],
            "plan": [show.summary(plan) for plan in plans],
            "notes": [note for plan in plans for note in plan.notes],
            "manual": [_line(want) for want in manual],
            "checked": [],
        }
        if unknown and order.phase is dns.Phase.ANNOUNCE:
            result["notes"].append(f"DKIM keys are made later by: {', '.join(unknown)}")
        if manual:
            Display().warning(
                "No DNS provider of the inventory serves these; ask whoever does: "
                + "; ".join(result["manual"])
            )
        # Ansible shows warnings as they are, and results only where they fail or change.
        result["warnings"] = list(wanted.notes) if order.phase is dns.Phase.CUTOVER else []
        try:
            result["warnings"] += dns.check(planned, _guards(arguments), look)
            if order.phase is dns.Phase.ANNOUNCE:
                result["warnings"] += dns.check_caa(wanted, look)
            if not checking:
                result["checked"] = self._make_true(
                    drivers, planned, inventory, order.phase, arguments["wait_timeout"]
                )
        except dns.DnsError as error:
            return result | {"failed": True, "changed": False, "msg": str(error)}
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


def _keys(
    given: Mapping[str, Any] | None, inventory: Inventory, hostvars: Mapping[str, Any]
) -> dict[str, list[dns.DkimKey]]:
    """Return the DKIM keys: those given, else what each host's role says as `dkim_keys`."""
    if given is not None:
        return {
            domain: [dns.DkimKey(key["selector"], key["host"], key["txt"]) for key in keys]
            for domain, keys in given.items()
        }
    found: dict[str, list[dns.DkimKey]] = {}
    for host in inventory.hosts:
        made = hostvars[host].get("dkim_keys") or {}
        for domain, keys in made.items():
            listed = found.setdefault(domain, [])
            listed += [dns.DkimKey(key["selector"], host, key["txt"]) for key in keys]
    return found


def _facts(inventory: Inventory, hostvars: Mapping[str, Any]) -> dict[str, dns.HostFacts]:
    """Return what each host's certificates role said as `certificates_facts`, and its CA's name."""
    found = {}
    for host in inventory.hosts:
        said, own = hostvars[host].get("certificates_facts") or {}, hostvars[host]
        directory = own.get("certificates_acme_directory")
        known = ISSUERS.get(directory) if directory else DEFAULT_ISSUER
        found[host] = dns.HostFacts(
            tls_keys=tuple(said.get("tls_keys", ())),
            issuer=own.get("certificates_caa_issuer") or known,
            account=said.get("account"),
            served=frozenset(said.get("served", ())),
        )
    return found


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


def _line(want: Any) -> str:
    return f"{want.claim.name}. {want.claim.slot.type} {', '.join(want.values)}"
