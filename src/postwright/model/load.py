"""From variables to an Inventory, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .check_backup import check_backup
from .check_backup_mx import check_backup_mx
from .check_limits import check_limits
from .check_names import check_names
from .check_relays import check_relays
from .checks import check
from .explain import findings_of
from .findings import Finding, choose, problem
from .host_spec import HostVariables
from .inventory import Domain, Host, Inventory
from .origin import Path, locate, plain
from .problems import InventoryError
from .schema import GlobalVariables
from .secrets import stand_in
from .sketch import sketches
from .words import REPLACED

PREFIXES = ("mail_", "dns_")
_GLOBAL = frozenset(GlobalVariables.model_fields)
_HOST = frozenset(HostVariables.model_fields)

M = TypeVar("M", bound=BaseModel)


def load(
    variables: Mapping[str, object],
    hosts: Mapping[str, Mapping[str, object]],
    *,
    needs_secrets: bool = True,
) -> Inventory:
    """Return the inventory; every problem is collected in one run.

    `variables` are the variables of all hosts, `hosts` those of each host of `mail_hosts` by its
    inventory name; other variables than the model's may be among them. Unless `needs_secrets`, one
    that cannot be rendered is no problem.

    Raises:
        InventoryError: something is wrong; its `problems` say where and how to mend it.
    """
    tagged = {**variables, "mail_hosts": hosts}
    known = {key: value for key, value in variables.items() if key in _GLOBAL}
    bare_hosts = {
        name: {key: value for key, value in plain_dict(host).items() if key in _HOST}
        for name, host in hosts.items()
    }
    root: dict[str, object] = {**plain_dict(known), "mail_hosts": bare_hosts}
    if not needs_secrets:
        root = {key: stand_in(value, (key,)) for key, value in root.items()}
    found: list[Finding] = [*_unknown(variables, ()), *_unknown_of_hosts(hosts, variables)]
    everything = _validated(
        GlobalVariables, {key: root[key] for key in root if key in _GLOBAL}, (), root, found
    )
    good_hosts = {
        name: _validated(HostVariables, host, ("mail_hosts", name), root, found)
        for name, host in bare_hosts.items()
    }
    providers = root.get("dns_providers")
    names = list(map(str, providers)) if isinstance(providers, Mapping) else []
    drawn = sketches(root.get("mail_domains"))
    found += check(drawn, bare_hosts, names)
    found += check_names(bare_hosts)
    found += check_backup_mx(drawn, bare_hosts)
    found += check_relays(drawn, bare_hosts, root.get("mail_relays"))
    found += check_limits(root.get("mail_limits"), root.get("mail_domains"))
    found += check_backup(root.get("mail_backup"))
    if found or everything is None:
        raise InventoryError([problem(each, tagged) for each in _in_order(found, tagged)])
    return _inventory(everything, {name: host for name, host in good_hosts.items() if host})


def plain_dict(value: Mapping[str, object]) -> dict[str, object]:
    """Return the mapping without tags."""
    return {str.__str__(key): plain(item) for key, item in value.items()}


def _validated(
    model: type[M],
    values: Mapping[str, object],
    prefix: Path,
    root: Mapping[str, object],
    found: list[Finding],
) -> M | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found += findings_of(error, model, prefix, root)
        return None


def _unknown(names: Mapping[str, object], prefix: Path) -> Iterator[Finding]:
    known = _GLOBAL | _HOST
    for name in names:
        if name in REPLACED:
            yield Finding((*prefix, name), "is no variable any more", REPLACED[name], True)
        if isinstance(name, str) and name.startswith(PREFIXES) and name not in known:
            mend = choose(name, known, "remove it")
            yield Finding((*prefix, name), "is an unknown variable", mend, True)


def _unknown_of_hosts(
    hosts: Mapping[str, Mapping[str, object]], variables: Mapping[str, object]
) -> Iterator[Finding]:
    """Yield what single hosts may not say; what is wrong on all hosts is said once, elsewhere."""
    for host, values in hosts.items():
        for name in values:
            if name in _GLOBAL and name not in variables:
                message = "holds for all hosts, but is said of one"
                yield Finding(
                    ("mail_hosts", host, name), message, "move it to group_vars/all", True
                )
        own = {name: value for name, value in values.items() if name not in variables}
        yield from _unknown(own, ("mail_hosts", host))


def _in_order(found: list[Finding], root: Mapping[str, object]) -> list[Finding]:
    """Return the findings by file and line, so that an editor walks down each file once."""
    unique = list(dict.fromkeys(found))

    def key(finding: Finding) -> tuple[bool, str, int]:
        place = locate(root, finding.path, of_key=finding.of_key)
        return place.file is None, place.file or "", place.line or 0

    return sorted(unique, key=key)


def _inventory(everything: GlobalVariables, hosts: Mapping[str, HostVariables]) -> Inventory:
    return Inventory(
        domains={
            name: Domain(name=name, **_fields(spec))
            for name, spec in sorted(everything.mail_domains.items())
        },
        hosts={
            name: Host(
                name=name,
                hostname=host.mail_hostname,
                ipv4=host.mail_ipv4,
                ipv6=host.mail_ipv6,
                other_names=tuple(host.mail_other_names),
                other_addresses=tuple(host.mail_other_addresses),
                relay=host.mail_relay,
                rsa_key_bits=host.mail_rsa_key_bits,
                old_senders_until=host.mail_old_senders_until,
                send_tls_reports=host.mail_send_tls_reports,
                antivirus=host.mail_antivirus,
                records=host.mail_records,
            )
            for name, host in sorted(hosts.items())
        },
        providers=dict(sorted(everything.dns_providers.items())),
        relays=dict(sorted(everything.mail_relays.items())),
        owner=everything.mail_owner,
        limits=everything.mail_limits,
        resolvers=everything.dns_resolver,
        blocklists=everything.dns_blocklists,
        submission_starttls=everything.mail_submission_starttls,
        dmarc_reports=everything.mail_dmarc_reports,
        backup=everything.mail_backup,
    )


def _fields(model: BaseModel) -> dict[str, Any]:
    """Return what was written, as it is: dumping would lose classes and reveal nothing hidden."""
    return {name: getattr(model, name) for name in model.model_fields_set}
