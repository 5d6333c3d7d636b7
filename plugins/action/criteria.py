"""Judge each domain: what the probing host saw of its hosts, beside what DNS says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    failed,
    write_down,
)

from postwright.dns import DnsError
from postwright.dns.world import World, over_network, system_resolvers
from postwright.model import Inventory, InventoryError, load_from_ansible, mail_for_verify
from postwright.probe import criteria
from postwright.probe.tls_look import Seen
from postwright.report import Entry


class ActionModule(ActionBase):
    """Carries the derived values to the host that probes, and judges what it saw."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `scores`; fail where a criterion is missed and nothing waives it."""
        variables = task_vars or {}
        super().run(tmp, variables)
        try:
            inventory = load_from_ansible(variables, self._templar, needs_secrets=False)
            result = self._look(inventory, variables)
            if result.get("failed"):
                return result
            seen = [Seen(**each) for each in result.pop("endpoints_seen")]
            entries = _entries(inventory, seen)
        except (InventoryError, DnsError) as error:
            return failed(str(error))
        write_down(self, variables, entries)
        return result | _told(entries)

    def _look(self, inventory: Inventory, variables: dict[str, Any]) -> dict[str, Any]:
        hosts = mail_for_verify(inventory)["hosts"]
        found: dict[str, Any] = self._execute_module(
            module_name="postwright.mail.criteria",
            module_args={"mails": list(hosts.values())},
            task_vars=variables,
        )
        return found


def _entries(inventory: Inventory, seen: list[Seen]) -> list[Entry]:
    """Return every verdict: on the domains whose mail our hosts take, and on the other ports."""
    world = World(over_network, inventory.resolvers or system_resolvers())
    ours = [domain.name for domain in inventory.domains.values() if domain.hosts]
    smtp = [each for each in seen if each.port == 25]
    # Who remembers an MX record may know the host by another name: it is the same daemon.
    names = {host.hostname: host.names for host in inventory.hosts.values()}
    known = [replace(each, hostname=name) for each in smtp for name in names[each.hostname]]
    judged = [
        (facts.name, "criteria", verdict)
        for facts in criteria.gather(world, sorted(ours), known)
        for verdict in criteria.judge(facts, inventory)
    ]
    judged += [
        (str(each), "outside", verdict)
        for each in seen
        if each not in smtp
        for verdict in criteria.judge_port(each)
    ]
    table = {criterion.id: criterion for criterion in criteria.CRITERIA}
    return [
        Entry(
            part=part,
            subject=subject,
            check=verdict.criterion,
            promise=f"{table[verdict.criterion].promise} ({table[verdict.criterion].source})",
            ok=verdict.ok,
            seen=verdict.seen,
            mend="" if verdict.ok else table[verdict.criterion].mend,
            waived=verdict.waived,
        )
        for subject, part, verdict in judged
    ]


def _told(entries: list[Entry]) -> dict[str, Any]:
    """Return the result: scores and misses; warn of the misses that are waived."""
    scores: dict[str, str] = {}
    for domain in dict.fromkeys(e.subject for e in entries if e.part == "criteria"):
        mine = [e for e in entries if e.part == "criteria" and e.subject == domain]
        scores[domain] = f"{sum(e.ok for e in mine)} of {len(mine)}"
    for entry in entries:
        if entry.waived:
            Display().warning(f"{entry.subject}: not {entry.promise}: {entry.seen}: {entry.waived}")
    wrong = [entry for entry in entries if not entry.ok and not entry.waived]
    lines = [f"{domain}: {score} criteria are met" for domain, score in scores.items()]
    lines += [
        f"- {e.subject}: {e.promise}\n    seen: {e.seen} ({e.check})\n    mend: {e.mend}"
        for e in wrong
    ]
    return {"changed": False, "failed": bool(wrong), "scores": scores, "msg": "\n".join(lines)}
