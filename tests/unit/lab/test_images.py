"""Images are known by their recipe."""

from dataclasses import replace
from pathlib import Path

import pytest

from postwright.lab import images
from postwright.lab.images import Image

BARE = Image("trixie", ())
PEER = Image("trixie", ("postfix",))


def test_a_changed_recipe_is_another_image() -> None:
    recipes = [BARE, PEER, Image("bookworm", ()), replace(BARE, suffixes="other")]
    recipes += [replace(PEER, install="other"), Image("trixie", ("postfix", "swaks"))]
    assert len({image.digest for image in recipes}) == len(recipes)


def test_how_packages_are_installed_does_not_touch_the_bare_image() -> None:
    assert replace(BARE, install="other").digest == BARE.digest


def test_prepared_images_start_from_the_bare_one() -> None:
    assert PEER.bare == BARE


def test_debs_travel_from_one_guest_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "CACHE", tmp_path / "cache")
    first, second = tmp_path / "first", tmp_path / "second"
    archives = "var/cache/apt/archives"
    (first / archives).mkdir(parents=True)
    (first / archives / "postfix_3_amd64.deb").write_text("a package")
    images.collect_packages("trixie", first)
    images.lend_packages("trixie", second)
    assert (second / archives / "postfix_3_amd64.deb").read_text() == "a package"
    images.lend_packages("bookworm", tmp_path / "third")
    assert not list((tmp_path / "third").glob(f"{archives}/*.deb"))
