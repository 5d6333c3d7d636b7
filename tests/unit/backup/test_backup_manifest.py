"""A manifest says what a restore has to bring back, and names what it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from backup_samples import home, uids

from postwright.backup import manifest
from postwright.backup.manifest import Entry


def noted(at: Path, file: Path) -> list[Entry]:
    """Return an account's lines after they were written and read."""
    manifest.write(file, manifest.entries(at))
    return manifest.read(file)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    at = home(tmp_path)
    assert noted(at, tmp_path / "m.jsonl") == list(manifest.entries(at))
    assert manifest.write(tmp_path / "m.jsonl", manifest.entries(at))["messages"] == 3


def test_a_copy_differs_in_nothing(tmp_path: Path) -> None:
    at = home(tmp_path)
    shutil.copytree(at, tmp_path / "copy", symlinks=True)
    assert (
        manifest.differences(noted(at, tmp_path / "m"), manifest.entries(tmp_path / "copy")) == []
    )


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            lambda at: (at / "Maildir/cur/1.m.h:2,S").unlink(),
            "INBOX UID 1 <1@client.test> is missing",
        ),
        (
            lambda at: (at / "Maildir/new/3.m.h").write_text("other", "utf-8"),
            "UID 3 <3@client.test>",
        ),
        (
            lambda at: (at / "Maildir/cur/1.m.h:2,S").rename(at / "Maildir/cur/1.m.h:2,FS"),
            "flags S became FS",
        ),
        (
            lambda at: uids(at / "Maildir", {"1.m.h": 4, "2.m.h": 2, "3.m.h": 3}),
            "uid 1 became 4",
        ),
        (
            lambda at: (at / "Maildir/dovecot-keywords").write_text("0 Work\n", "utf-8"),
            "keywords ('$Forwarded',) became ('Work',)",
        ),
        (lambda at: (at / "sieve/main.sieve").unlink(), "sieve/main.sieve is missing"),
        (lambda at: (at / "sieve/new.sieve").touch(), "sieve/new.sieve was not in the backup"),
    ],
)
def test_what_a_restore_does_not_bring_back_is_named(
    tmp_path: Path, spoil: object, named: str
) -> None:
    at = home(tmp_path)
    wanted = noted(at, tmp_path / "m")
    spoil(at)  # type: ignore[operator]
    said = "\n".join(manifest.differences(wanted, manifest.entries(at)))
    assert named in said


def test_a_known_message_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = home(tmp_path)
    known, read = noted(at, tmp_path / "m"), []
    digest = manifest.digest
    monkeypatch.setattr(manifest, "digest", lambda file: read.append(file.name) or digest(file))
    (at / "Maildir/cur/1.m.h:2,S").rename(at / "Maildir/cur/1.m.h:2,RS")
    again = {each.id: each for each in manifest.entries(at, known) if each.folder}
    assert again["<1@client.test>"].flags == "RS"
    assert [name for name in read if ".m.h" in name] == []


def test_a_message_of_another_size_is_read_again(tmp_path: Path) -> None:
    at = home(tmp_path)
    known = noted(at, tmp_path / "m")
    (at / "Maildir/new/3.m.h").write_text("Message-ID: <other@client.test>\n\n", encoding="utf-8")
    found = [each.id for each in manifest.entries(at, known) if each.uid == 3]
    assert found == ["<other@client.test>"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A root with a key, and a link to it."""
    key = tmp_path / "etc/key"
    key.parent.mkdir()
    key.write_text("secret", encoding="utf-8")
    key.chmod(0o640)
    key.with_name("link").symlink_to("key")
    return tmp_path


def test_owners_of_state_are_written_by_name(state: Path) -> None:
    said = manifest.state_entries(state, [Path("/etc/key"), Path("/etc/link")])
    assert said["/etc/key"]["mode"] == "0640"
    assert not said["/etc/key"]["owner"].isdigit()
    assert said["/etc/link"]["link"] == "key"
    assert manifest.state_differences(state, said) == []


def test_state_that_a_restore_does_not_bring_back_is_named(state: Path) -> None:
    said = manifest.state_entries(state, [Path("/etc/key"), Path("/etc/link")])
    (state / "etc/key").write_text("other", encoding="utf-8")
    (state / "etc/link").unlink()
    wrong = ["/etc/key is not as it was", "/etc/link is missing"]
    assert manifest.state_differences(state, said) == wrong
