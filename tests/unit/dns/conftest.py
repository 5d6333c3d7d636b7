"""The tests of DNS end with one table of what each driver does."""

from __future__ import annotations

import pytest
from conformance_table import FAULTS, RESULTS, lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, where any of it was run."""
    if RESULTS or FAULTS:
        terminalreporter.section("DNS drivers")
        for line in lines():
            terminalreporter.write_line(line)
