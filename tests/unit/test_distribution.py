"""What a role carries of a Python package: enough for the host's Python to know it, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postwright.distribution import NotInstalledError, files


def test_a_package_works_where_it_is_carried(tmp_path: Path) -> None:
    for spec in files("tlsrpt-reporter", str(tmp_path)):
        dest = Path(spec["dest"])
        dest.parent.mkdir(parents=True, exist_ok=True)
        dest.write_text(Path(spec["src"]).read_text(encoding="utf-8"), encoding="utf-8")
    # -S: without the environment that it came from. The storage is found by its entry point.
    code = (
        "from tlsrpt_reporter.plugins import get_plugin\n"
        "print(get_plugin('tlsrpt.collectd', 'sqlite:///x').__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "TLSRPTCollectdSQLite\n", done.stderr


def test_no_path_names_the_version(tmp_path: Path) -> None:
    places = {spec["dest"].removeprefix(f"{tmp_path}/") for spec in files("pyyaml", str(tmp_path))}
    assert {"yaml/__init__.py", "PyYAML.dist-info/METADATA"} <= places
    assert not [place for place in places if place.endswith((".so", ".pyc", "RECORD"))]


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(NotInstalledError, match="no-such-package is not installed"):
        files("no-such-package", "/nowhere")
