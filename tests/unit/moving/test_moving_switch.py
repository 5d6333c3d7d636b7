"""An account is at one host alone, wherever a switch is killed; a new mailbox is never undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from postwright.moving import belongings, far, new, old, places
from postwright.moving.shell import MoveError

ADDRESS = "hanako@beta.test"


class Killed(BaseException):
    """As SIGKILL: nothing of the program runs after it."""


class Hosts:
    """Both ends of a move, their programs and SSH left out; `kill_at` is the step that dies."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, monkeypatch
        self.steps: list[str] = []
        self.kill_at: int | None = None
        self.copied: list[str] = []
        for host, arriving in (("old", False), ("new", True)):
            (folder / host).mkdir()
            move = {
                "domain": "beta.test",
                "arriving": arriving,
                "peer": {"name": "mx", "ipv4": "198.18.0.1"},
                "accounts": [ADDRESS],
            }
            (folder / host / "moving.json").write_text(json.dumps([move]), encoding="utf-8")
        monkeypatch.setattr(old, "run", self.run)
        monkeypatch.setattr(places, "run", self.run)
        monkeypatch.setattr(new.os, "execvp", lambda *_: self.copied.append(self.place("new")))
        monkeypatch.setattr(far, "ask", self.ask)
        monkeypatch.setattr(belongings, "of", lambda _: b"{}")
        monkeypatch.setattr(belongings, "given", lambda *_: None)
        monkeypatch.setattr(places.os, "fchown", lambda *_: None)
        self.at("old")

    def at(self, host: str) -> None:
        """Let the program run on a host."""
        for module in (places, old, new):
            self.patch.setattr(module, "STATE", self.folder / host)
        self.patch.setattr(places, "ACCOUNTS", self.folder / host / "accounts")
        self.patch.setattr(places, "PLAN", self.folder / host / "moving.json")

    def place(self, host: str) -> str:
        """Return where the account is, as a host knows it."""
        file = self.folder / host / "accounts"
        default = "here" if host == "old" else "there"
        return file.read_text(encoding="utf-8").split()[1] if file.exists() else default

    def run(self, *words: str, **_: object) -> bytes:
        self.step(words[1])
        if words[1] == "backup":
            self.there(lambda: new.serve(["sync", ADDRESS, "dsync-server"]))
        return b"head\n"

    def ask(self, account: places.Account, verb: str, *more: str, data: bytes = b"") -> str:
        self.step(verb)
        if verb == "where":
            return self.place("new")
        if verb == "arrived":
            self.there(lambda: new.serve([verb, account.address, *more]))
        return ""

    def there(self, work: Callable[[], object]) -> None:
        self.at("new")
        try:
            work()
        finally:
            self.at("old")

    def step(self, name: str) -> None:
        if self.kill_at == len(self.steps):
            raise Killed
        self.steps.append(name)


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Both hosts, the account being on the old one."""
    return Hosts(tmp_path, monkeypatch)


@pytest.mark.parametrize("moment", range(12))
def test_killed_anywhere_it_is_never_at_both_and_ends_at_the_new(hosts: Hosts, moment: int) -> None:
    hosts.kill_at = moment
    with suppress(Killed):
        old.switch(old.leaving()[0])
    assert (hosts.place("old"), hosts.place("new")) in {
        ("here", "there"), ("held", "there"), ("held", "here"), ("there", "here"),
    }  # fmt: skip
    hosts.kill_at = None
    for account in old.leaving():
        old.switch(account)
    assert (hosts.place("old"), hosts.place("new")) == ("there", "here")
    assert hosts.copied
    assert set(hosts.copied) == {"there"}


def test_a_mailbox_that_arrived_is_not_overwritten(hosts: Hosts) -> None:
    old.switch(old.leaving()[0])
    with pytest.raises(MoveError, match="lives here already"):
        hosts.there(lambda: new.serve(["sync", ADDRESS, "dsync-server"]))


@pytest.mark.parametrize(
    "asked", [[], ["sync"], ["sync", "taro@alpha.test"], ["sh", ADDRESS], ["", ADDRESS]]
)
def test_the_key_asks_for_nothing_else(hosts: Hosts, asked: list[str]) -> None:
    hosts.at("new")
    with pytest.raises(MoveError, match="nothing that a move asks for"):
        new.serve(asked)
