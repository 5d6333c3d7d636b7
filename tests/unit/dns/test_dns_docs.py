"""What the pages and the workflows tell people to type is understood."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from postwright.dns.cli import app
from postwright.dns.world import RULES

DOCS = Path(__file__).parents[3] / "docs"
FILES = [DOCS / "dns.md", DOCS / "ci" / "README.md", *sorted((DOCS / "ci").glob("*.yml"))]
COMMANDS = typer.main.get_group(app).commands


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_verb_and_option_exists(file: Path) -> None:
    found = re.findall(r"postwright dns (\w+)([^`\n|>]*)", file.read_text(encoding="utf-8"))
    assert found
    for verb, rest in found:
        known = {option for each in COMMANDS[verb].params for option in each.opts}
        assert set(re.findall(r"--?[a-z][a-z-]*", rest)) <= known, (verb, rest)


@pytest.mark.parametrize("file", FILES[2:], ids=lambda file: file.name)
def test_a_workflow_plans_applies_and_checks(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    assert 'apply -i "$INVENTORY" plan.json' in text
    assert text.count("--out plan.json") == 1


def test_the_page_names_every_kind_of_finding() -> None:
    page = (DOCS / "dns.md").read_text(encoding="utf-8")
    assert {name.partition(".")[0] for name in RULES} <= set(re.findall(r"`([a-z]+)\.\*`", page))
