"""Modules that run on hosts, as Python's own."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

MODULES = Path(__file__).parents[3] / "plugins" / "modules"


def loaded(name: str) -> ModuleType:
    """Return a module of Ansible's by its name."""
    spec = importlib.util.spec_from_file_location(name, MODULES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
