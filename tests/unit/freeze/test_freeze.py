"""`postwright freeze`: which account and hosts are meant, and what is made of their answers."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from postwright import hosts
from postwright.cli import app
from postwright.freeze import cli
from postwright.freeze.answers import Answer, answer
from postwright.freeze.show import show
from postwright.model import load

HASH = (
    "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ"
    "$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"
)
VARIABLES = f"""
mail_domains:
  example.test:
    hosts: [mx1, mx2]
    dns: hand
    accounts: {{taro: {{password_hash: "{HASH}"}}}}
    aliases: {{postmaster: [taro], abuse: [taro], info: [taro]}}
  parked.test: {{parked: true, dns: hand}}
dns_providers: {{hand: {{driver: manual}}}}
"""
REPORT = {
    "login": "taro@example.test",
    "frozen": {"login": "taro@example.test", "since": 1.0e9, "why": "by the operator",
               "last": "", "told": True},
    "anew": True,
    "held": [{"queue_id": "8045F2AB23", "queue": "hold", "sender": "taro@example.test",
              "recipients": ["a@b.test", "c@d.test"], "size": 321}],
    "sessions": 2,
    "locked_out": False,
}  # fmt: skip
GOOD = {"rc": 0, "stdout": json.dumps([REPORT])}
GONE = {"unreachable": True, "msg": "Connection timed out"}


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory with one domain on two hosts; Ansible can read only one in a process."""
    names = {
        f"mx{n}": {"mail_hostname": f"mx{n}.example.test", "mail_ipv4": f"198.18.0.1{n}"}
        for n in (1, 2)
    }
    model = load(yaml.safe_load(VARIABLES), names)
    monkeypatch.setattr(cli, "load", lambda *_, **__: model)
    return tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each host answers; under `asked`, what was run where."""
    found: dict[str, Any] = {"asked": [], "mx1": GOOD, "mx2": GOOD}

    def ask(
        _sources: Sequence[Path], _files: Sequence[Path], pattern: str, module: str, said: Any
    ) -> dict[str, Any]:
        found["asked"].append((pattern, module, said["argv"]))
        return {host: found[host] for host in ("mx1", "mx2")}

    monkeypatch.setattr(hosts, "ask", ask)
    return found


def run(*words: str) -> tuple[int, str]:
    """Run the command; return its status and all it printed."""
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "160"})
    return done.exit_code, done.output


def test_an_account_is_frozen_on_all_hosts_of_its_domain(
    inventory: Path, told: dict[str, Any]
) -> None:
    status, said = run("freeze", "Taro@Example.test", "-i", str(inventory), "--lock-out")
    assert status == 0, said
    words = ["postwright-limits", "freeze", "--lock-out", "taro@example.test", "--json"]
    assert told["asked"] == [("mx1,mx2", "ansible.builtin.command", words)]
    assert said.count("frozen since 2001-09-09 01:46:40 UTC: by the operator") == 2
    assert "8045F2AB23" in said
    assert "a@b.test, c@d.test" in said
    assert "postwright release taro@example.test" in said


def test_a_host_that_is_away_is_named_and_the_others_are_done(
    inventory: Path, told: dict[str, Any]
) -> None:
    told["mx2"] = GONE
    status, said = run("freeze", "taro@example.test", "-i", str(inventory))
    assert status == 1
    assert "frozen since 2001-09-09" in said
    assert "Connection timed out" in said
    assert "Not done on mx2" in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tarou@example.test", "did you mean 'taro@example.test'?"),
        ("taro@exmaple.test", "did you mean 'example.test'?"),
        ("info@example.test", "it is for taro@example.test"),
        ("taro", "is not an address"),
        ("taro@parked.test", "no mail domain that our hosts serve"),
    ],
)
def test_what_is_no_account_is_refused_and_no_host_is_asked(
    written: str, said: str, inventory: Path, told: dict[str, Any]
) -> None:
    status, output = run("freeze", written, "-i", str(inventory))
    assert status == 1
    assert said in output
    assert told["asked"] == []


def test_releasing_may_delete_what_is_held(inventory: Path, told: dict[str, Any]) -> None:
    released = {**REPORT, "frozen": None}
    told["mx1"] = {"rc": 0, "stdout": json.dumps([released])}
    told["mx2"] = {"rc": 1, "stdout": json.dumps([{**released, "anew": False, "held": []}])}
    status, said = run("release", "taro@example.test", "-i", str(inventory), "--delete-held")
    assert status == 0, said
    assert told["asked"][0][2][1:3] == ["release", "--delete-held"]
    assert "submits again" in said
    assert "was not frozen" in said


def test_who_is_frozen_is_asked_of_all_mail_hosts(inventory: Path, told: dict[str, Any]) -> None:
    told["mx1"] = told["mx2"] = {"rc": 0, "stdout": "[]"}
    status, said = run("frozen", "-i", str(inventory))
    assert (status, said.strip()) == (0, "No account is frozen.")
    assert told["asked"][0][0] == "mail_hosts"
    told["mx1"] = GOOD
    status, said = run("frozen", "-i", str(inventory), "--json")
    assert [each["host"] for each in json.loads(said) if each["reports"]] == ["mx1"]


def test_freezing_twice_says_so() -> None:
    again = {"rc": 0, "stdout": json.dumps([{**REPORT, "anew": False, "locked_out": True}])}
    console = Console(file=io.StringIO(), width=160)
    show([answer("mx1", again)], console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "frozen already, since 2001-09-09 01:46:40 UTC: by the operator, logins refused" in text


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (GONE, "Connection timed out"),
        ({"rc": 1, "stdout": "", "stderr": "postsuper: no"}, "postsuper: no"),
        ({"rc": 0, "stdout": "frozen"}, "it answered nothing"),
    ],
)
def test_what_a_host_cannot_do_is_told(said: dict[str, Any], trouble: str) -> None:
    assert answer("mx1", said) == Answer(host="mx1", reports=[], trouble=trouble)
