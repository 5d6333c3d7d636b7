"""Every role: what its defaults state, its argument specs describe, under the role's own prefix."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ROLES = sorted((ROOT / "roles").iterdir())
# How a role names a part of a program that it installs.
PART = re.compile(r"src: (\w+/\w+\.py)")


def loaded(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping; an empty one where there is no such file."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_and_argument_specs_have_the_same_keys(role: Path) -> None:
    defaults = loaded(role / "defaults" / "main.yml")
    specs = loaded(role / "meta" / "argument_specs.yml")["argument_specs"]
    assert set(specs["main"].get("options", {})) == set(defaults)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_variables_carry_the_roles_name(role: Path) -> None:
    variables = loaded(role / "defaults" / "main.yml") | loaded(role / "vars" / "main.yml")
    assert [name for name in variables if not name.startswith(f"{role.name}_")] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_template_and_file_names_its_role(role: Path) -> None:
    # These formats have no comments, or the whole file is one value.
    mute = {"mailname.j2", "certificates.json.j2", "monitoring.json.j2", "moving.json.j2"}
    for folder in (role / "templates", role / "files"):
        for path in folder.rglob("*"):
            if path.is_file() and path.name not in mute:
                head = path.read_text(encoding="utf-8")[:400]
                assert f"role {role.name}" in head, path


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_program_is_installed_with_all_of_its_parts(role: Path) -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in role.glob("*/*.yml"))
    installed = set(PART.findall(text))
    wanted = {part for each in installed for part in imported(role / "files" / each)}
    assert wanted - installed == set()


def imported(file: Path) -> set[str]:
    """Return the parts of its own package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [node.module] if node.module else [each.name for each in node.names]
            found |= {f"{file.parent.name}/{name}.py" for name in names}
    return found


@pytest.mark.parametrize("drill", ["drill_moments", "upgrade_moments"])
def test_each_moment_of_a_drill_waits_for_a_task_that_there_is(
    monkeypatch: pytest.MonkeyPatch, drill: str
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "drill"))
    files = [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    for moment in importlib.import_module(drill).MOMENTS:
        for heading in moment.headings:
            assert heading.removeprefix("PLAY [").rstrip("]") in text, moment.during
