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
        for host in ("old", "new"):
            (folder / host).mkdir()
        self.planned("old", "new")
        # Dovecot runs.
        monkeypatch.setattr(places, "DOVECOT", folder)
        monkeypatch.setattr(old, "run", self.run)
        monkeypatch.setattr(places, "run", self.run)
        # Each command has a process of its own there, and its locks go with it.
        monkeypatch.setattr(new, "_no_other_copy", lambda _: None)
        monkeypatch.setattr(new.os, "execvp", lambda *_: self.copied.append(self.place("new")))
        monkeypatch.setattr(far, "ask", self.ask)
        monkeypatch.setattr(belongings, "of", lambda _: b"{}")
        monkeypatch.setattr(belongings, "given", lambda *_: None)
        monkeypatch.setattr(places.os, "fchown", lambda *_: None)
        self.at("old")

    def planned(self, leaves: str, takes: str) -> None:
        """State a move in both hosts' inventories."""
        for host in (leaves, takes):
            move = {
                "domain": "beta.test",
                "arriving": host == takes,
                "peer": {"name": "mx", "ipv4": "198.18.0.1"},
                "accounts": [ADDRESS],
            }
            said = {"moves": [move], "ssh_ports": {"mx": 22}}
            (self.folder / host / "moving.json").write_text(json.dumps(said), encoding="utf-8")

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


AT_ONE = {("here", "there"), ("there", "here")}
"""Where the old host and the new one have an account that lives."""


@pytest.mark.parametrize("moment", range(12))
def test_killed_anywhere_it_is_never_at_both_and_ends_at_the_new(hosts: Hosts, moment: int) -> None:
    hosts.kill_at = moment
    with suppress(Killed):
        old.switch(old.leaving()[0])
    assert (hosts.place("old"), hosts.place("new")) in {
        ("here", "there"), ("held", "there"), ("given", "there"), ("given", "here"),
        ("there", "here"),
    }  # fmt: skip
    hosts.kill_at = None
    old.settle()
    assert (hosts.place("old"), hosts.place("new")) in AT_ONE
    for account in old.leaving():
        old.switch(account)
    assert (hosts.place("old"), hosts.place("new")) == ("there", "here")
    assert hosts.copied
    assert set(hosts.copied) == {"there"}


def test_a_copy_that_fails_ends_the_hold(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        assert hosts.place("old") == "held"
        raise MoveError("disk full")

    monkeypatch.setattr(old, "copy", fails)
    with pytest.raises(MoveError, match="disk full"):
        old.switch(old.leaving()[0])
    assert (hosts.place("old"), hosts.place("new")) == ("here", "there")


def test_who_was_let_in_just_before_the_hold_is_copied_again(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = iter([False, True, True, False, False])
    monkeypatch.setattr(old, "_sessions", lambda _: next(sessions))
    assert old.switch(old.leaving()[0]).copies == 2


@pytest.mark.parametrize(("version", "words"), [(b"2.3.19.1", ["-f"]), (b"2.4.1", [])])
def test_what_holds_others_idle_connections_too_is_ended_by_force_where_it_must(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, version: bytes, words: list[str]
) -> None:
    kicks: list[list[str]] = []

    def run(*said: str, **_: object) -> bytes:
        if said[1] == "kick":
            kicks.append([*said[2:-1]])
        # One session, until the second kick.
        return version if said[0] == "dovecot" else b"head\nrow\n" if len(kicks) == 1 else b"head\n"

    monkeypatch.setattr(old, "run", run)
    assert old.switch(old.leaving()[0]).copies == 1
    assert kicks == [[], words]


def agreed(hosts: Hosts, old_place: str | None, new_place: str | None, turned: bool) -> str:
    """Return where an account is after both hosts agreed: `old new`, the move turned or not."""
    for host, at in (("old", old_place), ("new", new_place)):
        if at:
            (hosts.folder / host / "accounts").write_text(f"{ADDRESS}\t{at}\n", encoding="utf-8")
    if turned:
        hosts.planned("new", "old")
    told = {}
    for host in ("old", "new"):
        hosts.at(host)
        told[host] = {each.address: places.place(each) for each in places.accounts()}
    for host, other in (("old", "new"), ("new", "old")):
        hosts.at(host)
        places.agree(told[other])
        old.settle()
    return f"{hosts.place('old')} {hosts.place('new')}"


@pytest.mark.parametrize(
    ("old_place", "new_place", "then"),
    [
        (None, None, "here there"),
        ("there", None, "there here"),
        (None, "here", "there here"),
        ("held", "there", "here there"),
        ("given", "there", "there here"),
        ("given", "here", "there here"),
    ],
)
def test_a_host_that_forgot_learns_it_from_the_other(
    hosts: Hosts, old_place: str | None, new_place: str | None, then: str
) -> None:
    assert agreed(hosts, old_place, new_place, turned=False) == then


@pytest.mark.parametrize(
    ("old_place", "new_place", "then"),
    [
        ("here", "there", "here there"),
        ("there", "here", "there here"),
        ("held", "there", "here there"),
        ("given", "there", "here there"),
        ("given", "here", "there here"),
    ],
)
def test_a_move_that_is_turned_back_finds_each_account_where_it_is(
    hosts: Hosts, old_place: str, new_place: str, then: str
) -> None:
    assert agreed(hosts, old_place, new_place, turned=True) == then


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
