"""What the matrix and the fault tests found, for the end of the test output."""

from __future__ import annotations

from collections.abc import Iterator

RESULTS: dict[str, dict[str, str]] = {}
"""Results by case and driver."""

FAULTS: dict[str, int] = {}
"""How many faults were injected, by driver."""


def lines() -> Iterator[str]:
    """Yield one table of all results (rows are cases, columns are drivers), and the faults."""
    drivers = list(dict.fromkeys(name for row in RESULTS.values() for name in row))
    first = max(map(len, RESULTS), default=0)
    widths = {
        name: max(len(name), *(len(row.get(name, "")) for row in RESULTS.values()))
        for name in drivers
    }
    if drivers:
        yield "  ".join([" " * first, *(name.ljust(widths[name]) for name in drivers)]).rstrip()
    for case, row in RESULTS.items():
        cells = [row.get(name, "not run").ljust(widths[name]) for name in drivers]
        yield "  ".join([case.ljust(first), *cells]).rstrip()
    for name, count in FAULTS.items():
        yield f"faults injected, {name}: {count}"
