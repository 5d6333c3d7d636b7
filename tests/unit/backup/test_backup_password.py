"""A repository's password is rolled over: killed at any step, it ends with the new one alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from backup_samples import CONFIG

from postwright.backup import main, password, run, status
from postwright.backup.password import NEEDLESS
from postwright.backup.restic import Restic, WrongPasswordError
from postwright.backup.trouble import TroubleError


class KilledError(Exception):
    """The run is killed here."""


@dataclass
class Repository:
    """A repository: the passwords that open it, by key file; `left` is how many calls are left."""

    keys: dict[str, str]
    left: int = 1000
    backups: list[str] = field(default_factory=lambda: ["b1", "b2"])
    loses: str = ""
    locked: bool = False

    def opened_by(self, word: str) -> Opened:
        return Opened("/srv/mx1", [], secrets={"RESTIC_PASSWORD_FILE": word}, at=self)

    @property
    def opens_with(self) -> set[str]:
        return set(self.keys.values())


@dataclass(frozen=True)
class Opened(Restic):
    """A repository by one password, which stands for the file that it is in."""

    at: Repository = field(default_factory=lambda: Repository({}))

    def run(self, *words: str, cache: bool = True) -> str:
        mine = self.secrets["RESTIC_PASSWORD_FILE"]
        if mine not in self.at.opens_with:
            raise WrongPasswordError("wrong", "another")
        if self.at.left == 0:
            # As restic 0.14 leaves it: then nothing but `unlock` and `--no-lock` goes.
            self.at.locked = words[0] == "key"
            raise KilledError
        if self.at.locked and "--no-lock" not in words and words != ("unlock",):
            raise TroubleError("somebody else works on the repository", "wait")
        self.at.left -= 1
        match words:
            case ("cat", "config", "--no-lock"):
                return '{"id": "aa"}'
            case ("snapshots", *_):
                seen = [] if mine == self.at.loses else self.at.backups
                return json.dumps([{"id": each, "time": each} for each in seen])
            case ("key", "add", "--new-password-file", new):
                self.at.keys[f"k{len(self.at.keys)}{new}"] = new
            case ("key", "list", "--json"):
                mine_is = next(key for key, word in self.at.keys.items() if word == mine)
                return json.dumps([{"id": key, "current": key == mine_is} for key in self.at.keys])
            case ("key", "remove", key):
                assert self.at.keys.pop(key) != mine
            case ("unlock",):
                self.at.locked = False
        return ""


def roll_over(at: Repository, append_only: bool = False) -> password.Outcome:
    new, old = at.opened_by("new"), at.opened_by("old")
    password.opening(new, old)
    added = password.add(new, old)
    retired = password.retire(replace(CONFIG, append_only=append_only), new, old)
    return password.Outcome([*added, *retired.did], retired.said)


def test_the_new_password_alone_opens_it_in_the_end() -> None:
    at = Repository({"k0": "old"})
    done = roll_over(at)
    assert at.opens_with == {"new"}
    assert len(done.did) == 2
    assert done.said == [NEEDLESS]


def test_once_it_is_done_nothing_is_done_again() -> None:
    at = Repository({"k9": "new"})
    assert roll_over(at) == password.Outcome([], [NEEDLESS])
    assert at.keys == {"k9": "new"}


@pytest.mark.parametrize("keys", [["old"], ["old", "old", "mine"]])
def test_killed_at_any_step_it_opens_and_the_next_run_ends_right(keys: list[str]) -> None:
    for calls in range(30):
        at = Repository({f"k{n}": word for n, word in enumerate(keys)}, left=calls)
        try:
            roll_over(at)
        except KilledError:
            assert at.opens_with & {"new", "old"}, calls
        else:
            break
        at.left = 1000
        roll_over(at)
        assert at.opens_with == {"new", *keys} - {"old"}, calls
    else:
        pytest.fail("it never came to its end")
    assert calls > 10


def test_who_may_delete_nothing_says_which_file_is_to_be_removed() -> None:
    at = Repository({"k0": "old"})
    first, again = roll_over(at, append_only=True), roll_over(at, append_only=True)
    assert at.opens_with == {"old", "new"}
    assert len(first.did) == 1
    assert again.did == []
    assert first.said == again.said
    assert first.said[0].endswith("postwright backup restic mx1 -i INVENTORY -- key remove k0")


def test_a_backup_adds_the_new_password_and_site_yml_takes_the_old_one_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at, known = Repository({"k0": "old"}), [status.Status(since=1.0, repository_id="aa")]
    monkeypatch.setattr(main, "of_host", lambda _: at.opened_by("new"))
    monkeypatch.setattr(password, "before", lambda _: at.opened_by("old"))
    monkeypatch.setattr(run, "written", lambda: 7)
    monkeypatch.setattr(status, "read", lambda: known[-1])
    monkeypatch.setattr(status, "write", known.append)
    assert len(run.opened(CONFIG, at.opened_by("new"))) == 1
    assert (at.opens_with, known[-1].password) == ({"old", "new"}, 7)
    assert len(main._opened_once(CONFIG).did) == 1
    assert at.opens_with == {"new"}
    assert main._opened_once(CONFIG).did == []
    monkeypatch.setattr(password, "before", lambda _: None)
    at.keys = {"k0": "another"}
    # Nobody asks again for what was seen, until the password is another.
    assert main._opened_once(CONFIG).did == []
    monkeypatch.setattr(run, "written", lambda: 8)
    with pytest.raises(WrongPasswordError):
        main._opened_once(CONFIG)


def test_the_old_password_stays_where_the_new_one_shows_less() -> None:
    at = Repository({"k0": "old"}, loses="new")
    with pytest.raises(TroubleError, match="the old one stays"):
        roll_over(at)
    assert "old" in at.opens_with


def test_a_repository_that_neither_opens_is_named_with_the_mend() -> None:
    with pytest.raises(WrongPasswordError, match=r"neither.*/srv/mx1") as caught:
        roll_over(Repository({"k0": "a third one"}))
    assert "give `old_password` the value that the repository was made with" in caught.value.mend


@pytest.mark.parametrize(
    ("texts", "there"),
    [({"password": "a"}, False), ({"password": "a", "old_password": "a"}, False),
     ({"password": "b", "old_password": "a"}, True)],
)  # fmt: skip
def test_an_old_password_is_one_that_another_has_taken_the_place_of(
    tmp_path: Path, texts: dict[str, str], there: bool
) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "credentials.json").write_text('{"environment": {}}', encoding="utf-8")
    found = password.before(CONFIG, tmp_path)
    assert (found is not None) is there
    assert not found or found.secrets["RESTIC_PASSWORD_FILE"] == str(tmp_path / "old_password")


def test_restic_itself_takes_the_new_password_and_refuses_the_old_one(tmp_path: Path) -> None:
    restics = []
    for name in ("new", "old"):
        (tmp_path / name).write_text(f"correct horse {name}\n", encoding="utf-8")
        secrets = {
            "RESTIC_REPOSITORY": str(tmp_path / "repository"),
            "RESTIC_PASSWORD_FILE": str(tmp_path / name),
            "RESTIC_CACHE_DIR": str(tmp_path / "cache"),
        }
        restics.append(Restic("here", [], secrets=secrets))
    new, old = restics
    old.run("init")
    assert password.opening(new, old) is old
    assert len(password.add(new, old)) == 1
    assert (password.opens(new), password.opens(old)) == (True, True)
    assert len(password.retire(CONFIG, new, old).did) == 1
    assert (password.opens(new), password.opens(old)) == (True, False)
