"""The lab, bare hosts with zones that nobody has written to, and the undisturbed run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import drill_state
import fault_clock
import fault_ways
from abuse_accounts import fresh
from abuse_cases import NAMES
from drill_kill import Say
from labkit import MAIL_HOSTS, ROOT, command, lab, play
from labmail import Post


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Say:
    """Print a line at once, past pytest's capture: a drill takes half an hour."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    start = time.monotonic()

    def line(text: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"[drill] {time.monotonic() - start:6.0f} s  {text}", flush=True)

    return line


@pytest.fixture(scope="session")
def lab_up(say: Say) -> Iterator[None]:
    """The running lab; taken down again where it was not up before."""
    was_up = command("scripts/lab", "status").returncode == 0
    say("the lab comes up")
    lab("up")
    yield
    if not was_up:
        lab("down")


@pytest.fixture(scope="session")
def lab_facts(lab_up: None) -> dict[str, Any]:
    """What the lab says of itself; mail hosts as they were left."""
    found: dict[str, Any] = json.loads((ROOT / ".lab" / "lab.json").read_text(encoding="utf-8"))
    # The probe's functions verify names by the trust store: here, the lab's.
    os.environ["SSL_CERT_FILE"] = found["ca_file"]
    return found


@pytest.fixture(scope="session")
def facts(lab_facts: dict[str, Any], say: Say) -> dict[str, Any]:
    """The lab with both mail hosts built."""
    say("the mail hosts are built")
    site = play("site.yml")
    assert site.status == 0, site.output[-4000:]
    return lab_facts


@pytest.fixture(scope="session")
def post(lab_up: None, request: pytest.FixtureRequest) -> Post:
    """Mail, after what a drill that was killed left behind has been put right."""
    # First of all: site.yml would wait for what is frozen.
    fault_ways.put_right()
    fault_ways.everywhere(fault_clock.restored)
    return Post(request.getfixturevalue("facts"))


@pytest.fixture(scope="session")
def bare(lab_up: None) -> Callable[[], None]:
    """Give both mail hosts and the name server new disks: bare hosts, zones as they started."""
    return lambda: print(lab("reset", *MAIL_HOSTS, "ns1"))


@pytest.fixture(scope="session")
def undisturbed(bare: Callable[[], None], say: Say) -> drill_state.State:
    """What one run of site.yml on bare hosts ends with."""
    bare()
    say("bare hosts; the undisturbed run begins")
    site = play("site.yml")
    assert site.status == 0, site.output[-4000:]
    state = drill_state.whole()
    say(f"the undisturbed run took {site.seconds:.0f} s; {len(state)} facts are its final state")
    return state


@pytest.fixture
def account(request: pytest.FixtureRequest, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A host and an account of it that has submitted nothing yet."""
    host = request.param
    own = NAMES[host]["own"]
    fresh(host, own)
    yield host, own
    fresh(host, own)
