"""From Ansible's variables to an Inventory: the one way all actions read the model.

Ansible's variables are raw: templates are not rendered, vaulted values not decrypted. They are
rendered here value by value, so that one bad template is one problem among the others, and so
that every value keeps the tag that says which file it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .findings import Unrendered
from .host_spec import HostVariables
from .inventory import Inventory
from .load import PREFIXES, load
from .words import REPLACED

GROUP = "mail_hosts"
# Said of one run (`-e dns_plan=FILE`), not of the inventory.
RUN_VARIABLES = frozenset({"dns_plan"})


def load_from_ansible(
    task_vars: Mapping[str, Any], templar: Any, *, needs_secrets: bool = True
) -> Inventory:
    """Return the inventory that a task sees; `templar` is the action's own.

    Variables are read as each mail host sees them, not as localhost does: an implicit localhost
    knows no `inventory_dir`, which look-ups need. No host is contacted for it. Who needs no secret
    gets stand-ins for those that are not to be had.

    Raises:
        InventoryError: something is wrong with the inventory.
    """
    hostvars = task_vars["hostvars"]
    raw = {name: hostvars.raw_get(name) for name in task_vars["groups"].get(GROUP, [])}
    shared = _shared([_ours(values) for values in raw.values()] or [_ours(task_vars)])
    first = next(iter(raw.values()), dict(task_vars))
    own = {
        name: {key: value for key, value in _ours(values).items() if key not in shared}
        for name, values in raw.items()
    }
    return load(
        _rendered(shared, _templar_of(first, hostvars, templar)),
        {
            name: _rendered(own[name], _templar_of(values, hostvars, templar))
            for name, values in raw.items()
        },
        needs_secrets=needs_secrets,
    )


def _ours(variables: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value
        for key, value in variables.items()
        if (key.startswith(PREFIXES) and key not in RUN_VARIABLES) or key in REPLACED
    }


def _shared(hosts: list[dict[str, object]]) -> dict[str, object]:
    """Return the variables that say the same of every host, but those that are a host's own."""
    first, *others = hosts
    return {
        key: value
        for key, value in first.items()
        if key not in HostVariables.model_fields
        and all(key in other and _same(other[key], value) for other in others)
    }


def _same(one: object, other: object) -> bool:
    try:
        return one is other or one == other
    except Exception:  # a vaulted value that cannot be decrypted; rendering it will say so
        return True


def _templar_of(variables: Mapping[str, object], hostvars: object, templar: Any) -> Any:
    return templar.copy_with_new_env(available_variables={**variables, "hostvars": hostvars})


def _rendered(variables: Mapping[str, object], templar: Any) -> dict[str, object]:
    return {key: _render(value, templar) for key, value in variables.items()}


def _render(value: object, templar: Any) -> object:
    if isinstance(value, Mapping):
        return {key: _render(item, templar) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_render(item, templar) for item in value]
    try:
        return templar.template(value)
    except Exception as error:  # whatever a look-up or filter raises is the operator's to mend
        return Unrendered(str(error), harmless=type(error).__name__ == "AnsibleUndefinedVariable")
