"""The reference page and the JSON Schema, both made from the classes of `schema`."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .account_spec import Account
from .backup_spec import BackupSpec, Keep
from .blocklist_spec import Blocklist
from .host_spec import HostRecords, HostVariables
from .limits import Limits, OwnLimits
from .relay_spec import RelaySpec
from .schema import (
    CloudflareSpec,
    Dmarc,
    DomainRecords,
    DomainSpec,
    GlobalVariables,
    HetznerCloudSpec,
    ManualSpec,
    MtaSts,
    OctodnsSpec,
    Rfc2136Spec,
)

_TITLE = """# The inventory: every key

Generated from `src/postwright/model/schema.py` by `scripts/reference`; do not edit.

Any value may be a template, such as `"{{ vault_taro }}"`. Unknown keys are refused, and so are
unknown variables whose name begins with `mail_` or `dns_`. Editors complete from
[inventory.schema.json](inventory.schema.json): put this line at the top of a file,

    # yaml-language-server: $schema=https://example.org/inventory.schema.json

with the path or address at which you keep it.
"""
_SECTIONS: list[tuple[str, type[BaseModel]]] = [
    ("For all hosts: `group_vars/all/*.yml`", GlobalVariables),
    ("For each host of the group `mail_hosts`: `hosts.yml`", HostVariables),
    ("`mail_records` of a host", HostRecords),
    ("`mail_domains.NAME`", DomainSpec),
    ("`mail_domains.NAME.dmarc`", Dmarc),
    ("`mail_domains.NAME.mta_sts`", MtaSts),
    ("`mail_domains.NAME.records`", DomainRecords),
    ("`mail_domains.NAME.accounts.LOCALPART`", Account),
    ("`mail_limits`", Limits),
    ("`limits` of a domain or an account", OwnLimits),
    ("`mail_backup`", BackupSpec),
    ("`mail_backup.keep`", Keep),
    ("`mail_relays.NAME`; profiles: [profiles.md](profiles.md)", RelaySpec),
    ("`dns_providers.NAME`, driver `rfc2136`", Rfc2136Spec),
    ("`dns_providers.NAME`, driver `cloudflare`", CloudflareSpec),
    ("`dns_providers.NAME`, driver `octodns`", OctodnsSpec),
    ("`dns_providers.NAME`, driver `manual`", ManualSpec),
    ("`dns_providers.NAME`, driver `hetzner_cloud`", HetznerCloudSpec),
    ("`dns_blocklists.NAME`", Blocklist),
]
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}
_TEMPLATE = {"$ref": "#/$defs/Template"}


def reference_markdown() -> str:
    """Return the page that explains every key: type, default, meaning."""
    return "\n".join([_TITLE, *(_section(title, model) for title, model in _SECTIONS)])


def inventory_schema() -> dict[str, Any]:
    """Return the JSON Schema of one YAML file of variables.

    A file may hold any part of the variables and foreign ones besides, and any value may be a
    template: editors must not underline what preflight accepts.
    """
    definitions: dict[str, Any] = {
        "Template": {"type": "string", "pattern": r"\{\{.*\}\}", "description": "A template."}
    }
    properties: dict[str, Any] = {}
    for model in (GlobalVariables, HostVariables):
        schema = model.model_json_schema()
        definitions |= schema.get("$defs", {})
        properties |= schema["properties"]
    unknown = f"^(?!({'|'.join(properties)})$)(mail_|dns_)"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postwright inventory variables",
        "type": "object",
        "properties": _templated(properties),
        "patternProperties": {unknown: False},
        "$defs": {
            name: each | {"properties": _templated(each["properties"])}
            if "properties" in each
            else each
            for name, each in sorted(definitions.items())
        },
    }


def inventory_schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(inventory_schema(), indent=2, ensure_ascii=False) + "\n"


def _templated(properties: dict[str, Any]) -> dict[str, Any]:
    outside = {"description", "default", "examples"}
    return {
        name: {key: value for key, value in each.items() if key in outside}
        | {"anyOf": [{k: v for k, v in each.items() if k not in {*outside, "title"}}, _TEMPLATE]}
        for name, each in properties.items()
    }


def _section(title: str, model: type[BaseModel]) -> str:
    types = model.model_json_schema()["properties"]
    rows = [_row(name, field, types[name]) for name, field in model.model_fields.items()]
    doc = (model.__doc__ or "").strip().splitlines()[0]
    table = ["| key | type | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([f"## {title}", "", doc, "", *table, ""])


def _row(name: str, field: FieldInfo, schema: dict[str, Any]) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name}` | {_type(schema)} | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ([], {}):
        return "none"
    return "its own defaults" if isinstance(value, BaseModel) else f"`{json.dumps(value)}`"


def _type(schema: dict[str, Any]) -> str:
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if words:
        return " or ".join(f"`{word}`" for word in words)
    first = schema.get("anyOf", [schema])[0]
    return _TYPES[first.get("type", "object")]
