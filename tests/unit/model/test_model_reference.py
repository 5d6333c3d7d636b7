"""The reference page and the JSON Schema are current and fit the inventories in the tree."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from postwright.model.reference import inventory_schema, inventory_schema_text, reference_markdown

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "text"),
    [("inventory.md", reference_markdown()), ("inventory.schema.json", inventory_schema_text())],
)
def test_the_page_is_current(name: str, text: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == text, "run scripts/reference"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "inventory").glob("*/group_vars/all/*.yml")), ids=lambda path: path.name
)
def test_the_schema_accepts_our_inventories(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), inventory_schema())


@pytest.mark.parametrize(
    "variables",
    [
        {"mail_domans": {}},
        {"mail_domains": {"alpha.test": {"hosts": ["mx1"], "dns": "lab", "acounts": {}}}},
        {"mail_domains": {"alpha.test": {"dns": "lab"}}},
        {"dns_resolver": "198.18.0.1"},
    ],
)
def test_the_schema_refuses_what_preflight_refuses(variables: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(variables, inventory_schema())


def test_every_key_is_explained() -> None:
    rows = [line for line in reference_markdown().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row.rstrip().endswith("|  |")]
