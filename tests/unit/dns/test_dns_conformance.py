"""Every driver passes the same cases; the test output ends with the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conformance_backends import BACKENDS, Backend
from conformance_cases import CASES, Case
from conformance_steps import Refused
from conformance_table import RESULTS
from name_servers import ZONE


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Backend]]:
    """Yield what starts a provider when it is first asked for."""
    running: dict[str, Backend] = {}
    with ExitStack() as stack:

        def start(name: str) -> Backend:
            if name not in running:
                folder = tmp_path_factory.mktemp(name) / "server"
                running[name] = stack.enter_context(BACKENDS[name](folder))
            return running[name]

        yield start


@pytest.mark.parametrize("provider", BACKENDS)
@pytest.mark.parametrize(("number", "case"), [*enumerate(CASES)], ids=[case.name for case in CASES])
def test_every_driver_does(
    number: int, case: Case, provider: str, started: Callable[[str], Backend]
) -> None:
    row = RESULTS.setdefault(case.name, {})
    row[provider] = "FAILED"
    try:
        row[provider] = case.walk(started(provider), f"case{number}.{ZONE}") or "ok"
    except Refused as refused:
        row[provider] = str(refused)


@pytest.mark.parametrize("provider", BACKENDS)
def test_known_refusals_say_what_why_where_from_and_when(
    provider: str, started: Callable[[str], Backend]
) -> None:
    for refusal in started(provider).driver().capabilities.refusals:
        assert all([refusal.what, refusal.why, refusal.mend, refusal.source, refusal.verified])
