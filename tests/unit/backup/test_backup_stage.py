"""What is laid out of an account, also while its mailboxes change."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from backup_samples import VALIDITY, home, message, uids

from postwright.backup import manifest, stage


def laid_out(at: Path, to: Path) -> dict[str, manifest.Entry]:
    """Return what is laid out of an account, by Message-ID or path."""
    stage.stage_account(at, to)
    return {each.id or each.file: each for each in manifest.entries(to)}


def test_uids_flags_keywords_and_scripts_are_laid_out(tmp_path: Path) -> None:
    found = laid_out(home(tmp_path), tmp_path / "to")
    seen = {name: (e.folder, e.validity, e.uid, e.flags, e.keywords) for name, e in found.items()}
    assert seen["<1@client.test>"] == ("INBOX", VALIDITY, 1, "S", ())
    assert seen["<2@client.test>"] == ("INBOX", VALIDITY, 2, "FS", ("$Forwarded",))
    assert seen["<3@client.test>"] == ("INBOX", VALIDITY, 3, "", ())
    assert found[".dovecot.sieve"].link == "sieve/main.sieve"
    assert {"sieve/main.sieve", "Maildir/subscriptions"} <= found.keys()


def test_no_byte_of_a_message_is_copied_and_no_index_is_kept(tmp_path: Path) -> None:
    at, to = home(tmp_path), tmp_path / "to"
    stage.stage_account(at, to)
    assert (to / "Maildir/cur/1.m.h:2,S").samefile(at / "Maildir/cur/1.m.h:2,S")
    # Dovecot writes on in this one.
    assert not (to / "Maildir/dovecot-uidlist").samefile(at / "Maildir/dovecot-uidlist")
    assert not (to / "Maildir/dovecot.index.log").exists()
    assert list((to / "Maildir/tmp").iterdir()) == []


def test_a_folder_without_any_message_is_one(tmp_path: Path) -> None:
    stage.stage_account(home(tmp_path), tmp_path / "to")
    assert (tmp_path / "to/Maildir/.Sent/cur").is_dir()


def test_a_message_that_is_moved_meanwhile_is_laid_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, moved = home(tmp_path), []
    copy = stage._copy_others

    def moving(source: Path, to: Path, others: frozenset[str]) -> None:
        copy(source, to, others)
        if not moved:
            moved.append(True)
            (at / "Maildir/cur/2.m.h:2,FSa").rename(at / "Maildir/.Sent/cur/9.m.h:2,FS")
            uids(at / "Maildir/.Sent", {"9.m.h": 1})

    monkeypatch.setattr(stage, "_copy_others", moving)
    found = [each for each in _entries(at, tmp_path / "to") if each.id == "<2@client.test>"]
    assert [(each.folder, each.uid, each.flags) for each in found] == [(".Sent", 1, "FS")]


def test_a_message_that_arrives_meanwhile_is_laid_out_with_its_uid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, arrived = home(tmp_path), []
    look = stage.look

    def arriving(source: Path) -> stage.Look:
        if source == at and len(arrived) == 1:
            message(at / "Maildir", "new/4.m.h", "<4@client.test>")
            uids(at / "Maildir", {f"{n}.m.h": n for n in (1, 2, 3, 4)})
        if source == at:
            arrived.append(True)
        return look(source)

    monkeypatch.setattr(stage, "look", arriving)
    found = {each.id: each.uid for each in _entries(at, tmp_path / "to") if each.folder}
    assert found["<4@client.test>"] == 4
    assert len(found) == 4


def test_an_account_that_never_rests_is_laid_out_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, look, count = home(tmp_path), stage.look, iter(range(100))

    def flooded(source: Path) -> stage.Look:
        if source == at:
            number = next(count)
            message(at / "Maildir", f"new/x{number}", f"<x{number}@client.test>")
        return look(source)

    monkeypatch.setattr(stage, "look", flooded)
    found = {each.id for each in _entries(at, tmp_path / "to")}
    assert {f"<{number}@client.test>" for number in (1, 2, 3)} <= found


def test_a_database_is_copied_as_of_one_transaction(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "ledger.sqlite"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as ledger:
        ledger.execute("PRAGMA journal_mode=WAL")
        ledger.execute("CREATE TABLE stopped (login TEXT)")
        ledger.execute("INSERT INTO stopped VALUES ('taro@alpha.test')")
        ledger.commit()
        found = stage.stage_state([str(file.parent)], tmp_path / "to")
    assert found == [file.parent, file]
    with closing(sqlite3.connect(tmp_path / "to" / str(file).lstrip("/"))) as copy:
        assert copy.execute("SELECT login FROM stopped").fetchall() == [("taro@alpha.test",)]


def test_state_that_a_host_does_not_have_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x", encoding="utf-8")
    paths = [str(tmp_path / "none"), str(tmp_path / "there")]
    assert stage.stage_state(paths, tmp_path / "to") == [tmp_path / "there"]


def test_accounts_are_those_on_disk_and_never_a_backup(tmp_path: Path) -> None:
    home(tmp_path)
    home(tmp_path, "gamma.test/of-nobody-any-more")
    (tmp_path / ".backup" / "mail").mkdir(parents=True)
    names = [str(each.relative_to(tmp_path)) for each in stage.accounts(tmp_path)]
    assert names == ["alpha.test/taro", "gamma.test/of-nobody-any-more"]


def test_the_next_backup_links_what_is_new_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    at, to = home(tmp_path), tmp_path / "to"
    stage.stage_account(at, to)
    kept = (to / "Maildir/cur/1.m.h:2,S").stat()
    copied = (to / "Maildir/subscriptions").stat()
    message(at / "Maildir", "new/4.m.h", "<4@client.test>")
    uids(at / "Maildir", {"1.m.h": 1, "3.m.h": 3, "4.m.h": 4})
    (at / "Maildir/cur/2.m.h:2,FSa").unlink()
    (at / "sieve/main.sieve").unlink()
    found = {each.id or each.file for each in _entries(at, to)}
    assert {"<1@client.test>", "<4@client.test>"} <= found
    assert not found & {"<2@client.test>", "sieve/main.sieve"}
    # A new link would be a new ctime, and all of the folder sent again.
    assert (to / "Maildir/cur/1.m.h:2,S").stat().st_ctime_ns == kept.st_ctime_ns
    assert (to / "Maildir/subscriptions").stat().st_ino == copied.st_ino


def test_another_file_under_the_same_name_is_laid_out(tmp_path: Path) -> None:
    at, to = home(tmp_path), tmp_path / "to"
    stage.stage_account(at, to)
    file = at / "Maildir/cur/1.m.h:2,S"
    file.with_name("other").write_text("Message-ID: <other@client.test>\n\n", encoding="utf-8")
    file.with_name("other").replace(file)
    assert "<other@client.test>" in {each.id for each in _entries(at, to)}


def test_folders_and_accounts_that_go_are_laid_out_no_more(tmp_path: Path) -> None:
    mail, to = tmp_path / "mail", tmp_path / "to"
    for name in ("alpha.test/taro", "alpha.test/jiro"):
        home(mail, name)
        stage.stage_account(mail / name, to / name)
    shutil.rmtree(mail / "alpha.test/taro/Maildir/.Sent")
    shutil.rmtree(mail / "alpha.test/jiro")
    stage.forget_accounts(mail, to)
    stage.stage_account(mail / "alpha.test/taro", to / "alpha.test/taro")
    assert not (to / "alpha.test/taro/Maildir/.Sent").exists()
    assert not (to / "alpha.test/jiro").exists()


def _entries(at: Path, to: Path) -> list[manifest.Entry]:
    stage.stage_account(at, to)
    return list(manifest.entries(to))
