"""Debian's own sources name the next release, in both formats; nobody else's are touched."""

from __future__ import annotations

import pytest
from release_modules import loaded

apt_release = loaded("apt_release")

DEBIANS = {
    ("http://deb.debian.org/debian/", "bookworm"),
    ("http://deb.debian.org/debian/", "bookworm-updates"),
    ("http://deb.debian.org/debian/", "bookworm-backports"),
    ("http://deb.debian.org/debian/", "stable"),
    ("http://security.debian.org/debian-security/", "bookworm-security"),
    ("mirror+file:///etc/apt/mirrors/debian.list/", "bookworm"),
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


def test_only_whole_codenames_are_renamed() -> None:
    for suite in ("bookwormish", "oldbookworm", "stable"):
        assert apt_release.renamed(suite, "bookworm", "trixie") == suite
    assert apt_release.renamed("bookworm/updates", "bookworm", "trixie") == "trixie/updates"
