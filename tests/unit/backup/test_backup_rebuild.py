"""A lost host's own files and mail put back: whole, once, and what is missing named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from backup_samples import home

from postwright.backup import manifest, place, rebuild, stage
from postwright.backup.config import Config
from postwright.backup.fetch import Request, Snapshot

TARO, JIRO = "alpha.test/taro", "alpha.test/jiro"
COUNT = {"messages": 3, "bytes": 300}


def config(mail: Path, state: list[str] | None = None) -> Config:
    """Return what Ansible wrote down."""
    names = ("mx1", "mx1.alpha.test", "/srv/backup/mx1")
    return Config(*names, [], "", "", str(mail), state or [], 1, 3, 24, {}, append_only=False)


@pytest.fixture
def snapshot() -> Snapshot:
    """A backup of two accounts."""
    return Snapshot("5nap", "/var/vmail/.backup", 1700000000.0, {TARO: COUNT, JIRO: COUNT}, {})


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for mail without any, and a mark that lies beside it."""
    monkeypatch.setattr(rebuild, "MARK", tmp_path / "lib" / "rebuild.json")
    for function in (rebuild.read, rebuild.write):
        monkeypatch.setattr(function, "__defaults__", (tmp_path / "lib" / "rebuild.json",))
    monkeypatch.setattr(rebuild, "raise_numbers", lambda *_: None)
    (tmp_path / "vmail").mkdir()
    return tmp_path / "vmail"


def fetched(to: Path, names: tuple[str, ...] = (TARO, JIRO)) -> Request:
    """Lay out what was fetched: homes and their manifests."""
    request = Request("mail", [], str(to))
    for name in names:
        at = home(request.found / "mail", name)
        # Of what passes, no backup has any.
        (at / "Maildir/dovecot.index.log").unlink()
        manifest.write(request.found / "manifest" / f"{name}.jsonl", manifest.entries(at))
    return request


def test_all_mail_is_back_and_held_against_its_manifest(lost: Path, snapshot: Snapshot) -> None:
    rebuild.begin(snapshot, config(lost))
    said = rebuild.mail_back(config(lost), fetched(lost / ".restore"), "")
    assert said == "6 messages of 2 accounts are back"
    assert (lost / TARO / "Maildir/cur/2.m.h:2,FSa").is_file()
    assert [each for each in rebuild.said() if "gone, too" in each] == []
    assert rebuild.mail_wanted(rebuild.read(), config(lost)) is None


def test_what_is_damaged_is_named_and_keeps_nothing_else_back(
    lost: Path, snapshot: Snapshot
) -> None:
    rebuild.begin(snapshot, config(lost))
    request = fetched(lost / ".restore")
    (request.found / "mail" / TARO / "Maildir/cur/1.m.h:2,S").unlink()
    shutil.rmtree(request.found / "mail" / JIRO)
    rebuild.mail_back(config(lost), request, "restic complained")
    told = "\n".join(rebuild.said())
    assert "taro@alpha.test: INBOX UID 1 <1@client.test> is missing" in told
    assert "jiro@alpha.test: INBOX UID 3 <3@client.test> is missing" in told
    assert (lost / TARO / "Maildir/cur/2.m.h:2,FSa").is_file()


def test_a_killed_rebuild_goes_on_with_the_same_backup(lost: Path, snapshot: Snapshot) -> None:
    rebuild.begin(snapshot, config(lost))
    newer = Snapshot("6nap", snapshot.root, 1800000000.0, {TARO: COUNT}, {})
    # Killed once one of both was there.
    place.place_home(fetched(lost / ".restore", (TARO,)).found / "mail", lost, TARO)
    again = rebuild.begin(newer, config(lost))
    wanted = rebuild.mail_wanted(again, config(lost))
    assert wanted is not None
    assert (wanted.snapshot, wanted.names) == ("5nap", ["host.json", "manifest", f"mail/{JIRO}"])
    shutil.rmtree(lost / ".restore")
    rebuild.mail_back(config(lost), fetched(lost / ".restore"), "")
    assert "6 messages of 2 accounts" in rebuild.said()[0]
    assert len(rebuild.said()) == 2


def test_mail_that_was_not_lost_stays_as_it_is(lost: Path, snapshot: Snapshot) -> None:
    home(lost, TARO)
    (lost / TARO / "Maildir/new/9.newer.h").write_text("Message-ID: <9@x>\n\n", encoding="utf-8")
    rebuild.begin(snapshot, config(lost))
    rebuild.mail_back(config(lost), fetched(lost / ".restore"), "")
    assert (lost / TARO / "Maildir/new/9.newer.h").is_file()
    assert (lost / JIRO / "Maildir/cur").is_dir()
    told = "\n".join(rebuild.said())
    assert "3 messages of 1 accounts" in told
    assert "left as it lay there: the mail of taro@alpha.test" in told


def test_own_files_come_back_with_links_modes_and_directories(tmp_path: Path) -> None:
    keys, stopped = tmp_path / "keys", tmp_path / "stopped"
    (keys / "a.test").mkdir(parents=True)
    (keys / "a.test").chmod(0o750)
    (keys / "a.test/one.key").write_text("secret", encoding="utf-8")
    (keys / "a.test/one.key").chmod(0o640)
    (keys / "current").symlink_to("a.test/one.key")
    found = stage.stage_state([str(keys), str(stopped)], tmp_path / "copy")
    state = manifest.state_entries(tmp_path / "copy", found)
    shutil.rmtree(keys)
    state[str(keys / "a.test/one.key")]["owner"] = "only-there"
    assert place.place_state(tmp_path / "copy", state, [str(keys)]) == []
    assert (keys / "a.test").stat().st_mode & 0o777 == 0o750
    assert (keys / "a.test/one.key").stat().st_mode & 0o777 == 0o640
    assert (keys / "a.test/one.key").owner() == "root"
    assert (keys / "current").read_text(encoding="utf-8") == "secret"


def test_nothing_is_put_where_no_file_of_the_hosts_own_belongs(tmp_path: Path) -> None:
    state = {str(tmp_path / "keys/../etc/passwd"): {"sha256": "0", "owner": "root", "group": "root",
                                                   "mode": "0644"}}  # fmt: skip
    said = place.place_state(tmp_path / "copy", state, [str(tmp_path / "keys")])
    assert len(said) == 1
    assert not (tmp_path / "etc/passwd").exists()


def test_own_files_that_do_not_come_back_are_named(
    lost: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    rebuild.begin(snapshot, config(lost))
    request = Request("keys", [], str(tmp_path / "restored"))
    gone = {"sha256": "0", "owner": "root", "group": "root", "mode": "0600"}
    request.found.mkdir(parents=True)
    record = {"state": {str(tmp_path / "keys/one"): gone}}
    (request.found / "host.json").write_text(json.dumps(record), encoding="utf-8")
    rebuild.keys_back(config(lost, [str(tmp_path / "keys")]), request, "")
    assert f"{tmp_path}/keys/one is missing" in rebuild.said()[-1]
    assert rebuild.keys_wanted(rebuild.read()) is None  # type: ignore[arg-type]
