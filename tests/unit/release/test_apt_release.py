"""Debian's own sources name the next release, in both formats; nobody else's are touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from release_modules import loaded

apt_release = loaded("apt_release")

DEBIANS = {
    ("http://deb.debian.org/debian/", "bookworm"),
    ("http://deb.debian.org/debian/", "bookworm-updates"),
    ("http://deb.debian.org/debian/", "bookworm-backports"),
    ("http://deb.debian.org/debian/", "stable"),
    ("http://security.debian.org/debian-security/", "bookworm-security"),
    # As apt tells it, and as Debian's cloud images have it.
    ("mirror+file:/etc/apt/mirrors/debian.list/", "bookworm"),
}


def rename(uri: str, suite: str) -> str:
    """Rename what is Debian's."""
    return apt_release.renamed(suite, "bookworm", "trixie") if (uri, suite) in DEBIANS else suite


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("deb http://deb.debian.org/debian bookworm main\n",
         "deb http://deb.debian.org/debian trixie main\n"),
        ("deb-src http://deb.debian.org/debian/ bookworm-updates main non-free-firmware\n",
         "deb-src http://deb.debian.org/debian/ trixie-updates main non-free-firmware\n"),
        ("deb [signed-by=/x.gpg arch=amd64]\thttp://security.debian.org/debian-security "
         "bookworm-security main # kept bookworm\n",
         "deb [signed-by=/x.gpg arch=amd64]\thttp://security.debian.org/debian-security "
         "trixie-security main # kept bookworm\n"),
        ("deb mirror+file:///etc/apt/mirrors/debian.list bookworm main\n",
         "deb mirror+file:///etc/apt/mirrors/debian.list trixie main\n"),
        ("# deb http://deb.debian.org/debian bookworm main\n", None),
        ("deb https://rspamd.com/apt-stable/ bookworm main\n", None),
        ("deb http://deb.debian.org/debian stable main\n", None),
        ("deb http://deb.debian.org/bookworm bookworm main", None),
        ("\n", None),
    ],
)  # fmt: skip
def test_one_line(before: str, after: str | None) -> None:
    assert apt_release.one_line(before, rename) == (before if after is None else after)


TWO = """\
# See sources.list(5): bookworm
Types: deb deb-src
URIs: http://deb.debian.org/debian/
Suites: bookworm bookworm-updates
 bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/bookworm.gpg

Enabled: yes
Types: deb
URIs: {uris}
suites:
# bookworm was here
 bookworm-security
Components: main
"""
SECURITY = "http://security.debian.org/debian-security"


def test_deb822() -> None:
    after = apt_release.deb822(TWO.format(uris=SECURITY), rename)
    assert after.split("\n") == TWO.format(uris=SECURITY).replace(
        "Suites: bookworm bookworm-updates\n bookworm-backports",
        "Suites: trixie trixie-updates\n trixie-backports",
    ).replace(" bookworm-security\n", " trixie-security\n").split("\n")  # fmt: skip
    assert apt_release.deb822(after, rename) == after


def test_a_stanza_whose_uris_do_not_agree_is_left_alone() -> None:
    mixed = TWO.format(uris=f"{SECURITY}\n https://other.example/debian")
    after = apt_release.deb822(mixed, rename)
    assert " bookworm-security\n" in after
    assert "Suites: trixie" in after


def told(*entries: tuple[str, str]) -> list[Any]:
    """Return entries as apt tells them."""
    return [apt_release.Entry(uri, suite, "Debian", "FILE:1") for uri, suite in entries]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("my.list", "deb http://deb.debian.org/debian bookworm main\n", 0),
        ("my.sources", "URIs: http://deb.debian.org/debian\nSuites: bookworm\n", 0),
        ("my.sources", "URIs: http://deb.debian.org/debian https://x.test\nSuites: bookworm\n", 1),
        ("my.list", "deb http://mirror.test/debian bookworm main\n", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_switched_is_known_before(name: str, text: str, found: int) -> None:
    ours = told(("http://deb.debian.org/debian/", "bookworm"))
    stuck = apt_release.fixed(ours, {Path("/etc/apt") / name: text}, "bookworm", "trixie")
    assert stuck == ours[:found]


def test_what_has_been_switched_stands_in_nobodys_way() -> None:
    ours = told(("http://deb.debian.org/debian/", "trixie"))
    texts = {Path("/etc/apt/sources.list"): "deb http://deb.debian.org/debian trixie main\n"}
    assert apt_release.fixed(ours, texts, "bookworm", "trixie") == []


def test_only_whole_codenames_are_renamed() -> None:
    for suite in ("bookwormish", "oldbookworm", "stable"):
        assert apt_release.renamed(suite, "bookworm", "trixie") == suite
    assert apt_release.renamed("bookworm/updates", "bookworm", "trixie") == "trixie/updates"
