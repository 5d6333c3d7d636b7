"""A mailbox brought back into a live host: what it lacks, once, by one backup to the end."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backup_samples import CONFIG, home, message

from postwright.backup import fetch, manifest, restore, unfinished
from postwright.backup.config import Config
from postwright.backup.fetch import Request
from postwright.backup.trouble import TroubleError

TARO = "taro@alpha.test"
NAME = "alpha.test/taro"
TAKEN = 1700000000.0


class Dovecot:
    """Stands in for doveadm: keeps what it was told to import, and fails while `full`."""

    def __init__(self) -> None:
        self.imported: list[list[str]] = []
        self.full = False

    def __call__(self, words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        said = ""
        if words[:2] == ["doveadm", "import"]:
            maildir = Path(words[5].removeprefix("maildir:"))
            self.imported.append(
                [f"{each.folder}/{each.id}" for each in manifest.message_entries(maildir.parent)]
            )
        elif words[:3] == ["doveadm", "mailbox", "mutf7"]:
            said = words[3]
        return subprocess.CompletedProcess(words, int(self.full), said, "Quota exceeded")


@pytest.fixture
def dovecot(monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    """What doveadm was told."""
    found = Dovecot()
    monkeypatch.setattr(subprocess, "run", found)
    return found


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A host with taro's mailbox: INBOX with three messages, an empty Sent."""
    for function in (unfinished.begun_with, unfinished.begin, unfinished.end):
        monkeypatch.setattr(function, "__defaults__", (tmp_path / "restoring.json",))
    home(tmp_path / "vmail")
    return replace(CONFIG, mail=str(tmp_path / "vmail"))


def fetched(request: Request, snapshot: str = "5nap5nap5nap") -> Request:
    """Lay out what was fetched: the mailbox with all three messages, and a copy of one in Sent."""
    shutil.rmtree(request.to, ignore_errors=True)
    at = home(request.found / "mail")
    message(at / "Maildir/.Sent", "cur/4.m.h:2,S", "<1@client.test>")
    manifest.write(request.found / "manifest" / f"{NAME}.jsonl", manifest.entries(at))
    (request.found / "host.json").write_text(json.dumps({"taken": TAKEN}), encoding="utf-8")
    (Path(request.to) / fetch.FROM).write_text(snapshot, encoding="utf-8")
    return request


def wanted(config: Config, **words: Any) -> Request:
    """Return what is to be fetched for taro."""
    return restore.wanted(config, TARO, **{"folder": "", "into": "", "at": None, **words})


def maildir(config: Config) -> Path:
    """Return where taro's mail is."""
    return Path(config.mail) / NAME / "Maildir"


@pytest.mark.usefixtures("dovecot")
def test_the_backup_is_named(config: Config) -> None:
    said = restore.put_back(config, fetched(wanted(config)), "")
    assert said.endswith("; by the backup of 2023-11-14 22:13 UTC (5nap5nap)")


def test_each_copy_comes_back_that_is_not_there(config: Config, dovecot: Dovecot) -> None:
    (maildir(config) / "cur/2.m.h:2,FSa").unlink()
    said = restore.put_back(config, fetched(wanted(config)), "")
    assert dovecot.imported == [["INBOX/<2@client.test>", ".Sent/<1@client.test>"]]
    assert "taro@alpha.test: 2 messages are back, 2 were still there" in said


def test_what_an_earlier_run_put_into_a_folder_does_not_come_twice(
    config: Config, dovecot: Dovecot
) -> None:
    for name in (".Restored.INBOX", ".Restored.Sent", ".Restoredelsewhere"):
        for place in ("cur", "new", "tmp"):
            (maildir(config) / name / place).mkdir(parents=True)
    message(maildir(config) / ".Restored.INBOX", "cur/9.m.h:2,S", "<2@client.test>")
    message(maildir(config) / ".Restoredelsewhere", "cur/8.m.h:2,S", "<3@client.test>")
    restore.put_back(config, fetched(wanted(config, into="Restored")), "")
    assert dovecot.imported == [
        ["INBOX/<1@client.test>", "INBOX/<3@client.test>", ".Sent/<1@client.test>"]
    ]


def test_a_restore_that_did_not_end_goes_on_with_its_own_backup(
    config: Config, dovecot: Dovecot
) -> None:
    dovecot.full = True
    # What Dovecot knows of an account does not matter here.
    request = Request("account", [], str(Path(config.mail) / ".restore"), account=TARO)
    with pytest.raises(TroubleError, match="Quota exceeded"):
        restore.put_back(config, fetched(request), "")
    dovecot.full = False
    assert wanted(config).snapshot == "5nap5nap5nap"
    assert wanted(config, folder="Sent").snapshot == ""
    assert wanted(config, into="Restored").snapshot == ""
    assert wanted(config, at=TAKEN).snapshot == ""
    said = restore.put_back(config, fetched(wanted(config)), "")
    assert said.endswith("(5nap5nap), with which a run began that did not end")
    assert wanted(config).snapshot == ""


def test_of_two_runs_that_did_not_end_the_last_one_counts(config: Config, dovecot: Dovecot) -> None:
    dovecot.full = True
    request = Request("account", [], str(Path(config.mail) / ".restore"), account=TARO)
    for snapshot in ("5nap5nap5nap", "6nap6nap6nap"):
        with pytest.raises(TroubleError):
            restore.put_back(config, fetched(request, snapshot), "")
    dovecot.full = False
    assert wanted(config).snapshot == "6nap6nap6nap"


@pytest.mark.usefixtures("dovecot")
def test_what_the_backup_does_not_have_begins_nothing(config: Config) -> None:
    request = fetched(wanted(config))
    shutil.rmtree(request.found / "mail")
    with pytest.raises(TroubleError, match=f"nothing of the mail of {TARO}"):
        restore.put_back(config, request, "")
    assert wanted(config).snapshot == ""
