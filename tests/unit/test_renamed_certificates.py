"""A host that takes another name keeps its keys, wherever the run before was killed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).parents[2] / "roles/certificates/files"
OLD, NEW = "mx1.test", "post.test"


class Host:
    """The certificates' programs on a host, with all their files in one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(FILES))
        self.store = importlib.import_module("postwright_certificates.store")
        self.renamed = importlib.import_module("postwright_certificates.renamed")
        self.loaded, self.ordered = folder / "loaded", folder / "ordered"
        monkeypatch.setattr(self.store, "ORDERED", self.ordered)
        monkeypatch.setattr(self.store, "GIVEN", folder / "given")
        monkeypatch.setattr(self.renamed, "STATE", self.loaded)
        self.loaded.mkdir()

    def certificate(self, name: str, *formerly: str, given: bool = False) -> Any:
        file = str(self.loaded / f"{name}.pem")
        return self.store.Certificate(
            name, [name], "P-256", ["postfix"], file, given, list(formerly)
        )

    def serve(self, name: str, key: str) -> None:
        """Have a certificate with this key be ordered and loaded."""
        (self.ordered / name).mkdir(parents=True)
        (self.ordered / name / "privkey.pem").write_text(key)
        (self.ordered / name / "fullchain.pem").write_text("chain")
        (self.loaded / f"{name}.pem").write_text(f"{key} chain")
        (self.loaded / f"{name}.directory").write_text("https://acme")

    def rename(self, **options: Any) -> Any:
        """Have the host be called NEW; return its certificate and what was done."""
        new = self.certificate(NEW, OLD, **options)
        return new, self.renamed.take_along([new])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_the_key_goes_along_and_the_daemons_keep_what_they_load(host: Host) -> None:
    host.serve(OLD, "key")
    new, did = host.rename()
    assert len(did) == 2
    assert (new.private_key.read_text(), Path(new.file).read_text()) == ("key", "key chain")
    assert (host.loaded / f"{OLD}.pem").read_text() == "key chain"
    assert (host.loaded / f"{NEW}.directory").read_text() == "https://acme"
    assert not (host.ordered / OLD).exists()
    assert host.rename()[1] == []


def test_a_coming_name_has_nothing_to_take_over(host: Host) -> None:
    host.serve(OLD, "key")
    assert host.renamed.take_along([host.certificate(OLD, NEW)]) == []
    assert (host.ordered / OLD / "privkey.pem").read_text() == "key"


def test_a_run_that_was_killed_on_the_way_is_finished(host: Host) -> None:
    host.serve(OLD, "key")
    # The file was copied, and a folder made in which no key is yet.
    (host.loaded / f"{NEW}.pem").write_text("key chain")
    (host.ordered / NEW).mkdir()
    (host.ordered / NEW / ".privkey.pem.new").write_text("half")
    new, _ = host.rename()
    assert new.private_key.read_text() == "key"
    assert new.chain.read_text() == "chain"


def test_a_key_that_is_there_is_never_replaced(host: Host) -> None:
    host.serve(OLD, "old")
    host.serve(NEW, "new")
    new, did = host.rename()
    assert (new.private_key.read_text(), Path(new.file).read_text()) == ("new", "new chain")
    assert did == []


def test_with_a_given_certificate_the_old_key_is_served_until_the_new_ones_time(
    host: Host,
) -> None:
    host.serve(OLD, "old")
    new, _ = host.rename(given=True)
    assert Path(new.file).read_text() == "old chain"
    assert not new.private_key.exists()
    assert (host.ordered / OLD / "privkey.pem").exists()


def test_a_host_that_takes_its_old_name_again_has_its_key_back(host: Host) -> None:
    host.serve(OLD, "key")
    host.rename()
    back = host.certificate(OLD, NEW)
    assert host.renamed.take_along([back])
    assert back.private_key.read_text() == "key"
