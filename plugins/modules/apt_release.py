"""Have apt's sources name the next Debian release (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apt_release
short_description: Debian's own apt sources name the next release
description:
  - Switches Debian's own entries from one release to another, security, updates and backports
    included, in one-line and deb822 files (sources.list(5)). Whose an entry is, apt itself says, by
    the Origin of what it has fetched; entries of others are left alone, and named.
  - Each file is replaced at once, so a run that was killed is finished by the next.
options:
  old:
    description: The codename that the sources have.
    type: str
    required: true
  new:
    description: The codename that they get.
    type: str
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Debian's sources name Debian 13
  postwright.mail.apt_release: {old: bookworm, new: trixie}
"""

RETURN = r"""
fixed:
  description: Debian's entries that cannot be switched where they are written.
  type: list
  elements: str
  returned: always
foreign:
  description: Entries that are not Debian's, as C(FILE:LINE URI SUITE).
  type: list
  elements: str
  returned: always
repositories:
  description: Debian's repositories with the release that is to be, as C(URI dists/SUITE).
  type: list
  elements: dict
  returned: always
unnamed:
  description: Debian's entries that name neither release by its codename.
  type: list
  elements: str
  returned: always
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ansible.module_utils.basic import AnsibleModule

FILE = Path("/etc/apt/sources.list")
FOLDER = Path("/etc/apt/sources.list.d")
# What Debian writes into its own (backports are another repository).
ORIGINS = {"Debian", "Debian Backports"}
TARGETS = "$(REPO_URI)\t$(RELEASE)\t$(ORIGIN)\t$(SOURCESENTRY)"
ONE_LINE = re.compile(r"(\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?)(\S+)(\s+)(\S+)(.*)", re.DOTALL)


class Entry(NamedTuple):
    """An entry of apt's sources, as apt tells it."""

    uri: str
    suite: str
    origin: str
    at: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what it is found by in a file."""
        return slashed(self.uri), self.suite

    def __str__(self) -> str:
        """Return where it is, and what it says."""
        return f"{self.at} {self.uri} {self.suite}"


# Given a URI and a suite, the suite that it becomes.
Rename = Callable[[str, str], str]


def slashed(uri: str) -> str:
    """Return a URI as apt tells it: `file:///srv` is `file:/srv/`."""
    return re.sub(r"^([\w+.-]+):///", r"\1:/", uri.rstrip("/")) + "/"


def renamed(suite: str, old: str, new: str) -> str:
    """Return what a suite is called in the next release."""
    return re.sub(rf"^{re.escape(old)}(?=$|[-/])", new, suite)


class Renaming:
    """Renames the suites of Debian's entries, and knows which it has met."""

    def __init__(self, ours: list[Entry], old: str, new: str) -> None:
        self.debians = {entry.key for entry in ours}
        self.old, self.new = old, new
        self.met: set[tuple[str, str]] = set()

    def __call__(self, uri: str, suite: str) -> str:
        """Return what an entry's suite is called in the next release."""
        if (uri, suite) not in self.debians:
            return suite
        self.met.add((uri, suite))
        return renamed(suite, self.old, self.new)


def one_line(text: str, rename: Rename) -> str:
    """Return a file of one-line entries with its suites renamed."""

    def line(text: str) -> str:
        found = ONE_LINE.fullmatch(text)
        if not found:
            return text
        start, uri, space, suite, rest = found.groups()
        return f"{start}{uri}{space}{rename(slashed(uri), suite)}{rest}"

    return "".join(map(line, text.splitlines(keepends=True)))


def fields(stanza: str) -> Iterator[tuple[str, str]]:
    """Return each field of a stanza as (name in lower case, its text with its name and lines)."""
    name, kept = "", ""
    for line in stanza.splitlines(keepends=True):
        comment = line.startswith("#")
        if not comment and not line[:1].isspace():
            if kept:
                yield name, kept
            name, kept = line.partition(":")[0].strip().lower(), ""
        kept += line
    yield name, kept


def deb822(text: str, rename: Rename) -> str:
    """Return a deb822 file with its suites renamed: each as all of its stanza's URIs agree."""

    def stanza(text: str) -> str:
        parts = list(fields(text))
        uris = [slashed(word) for name, said in parts if name == "uris" for word in words(said)]
        return "".join(suites(said, uris) if name == "suites" else said for name, said in parts)

    def suites(said: str, uris: list[str]) -> str:
        head, colon, rest = said.partition(":")
        # A word in a comment is none.
        lines = [
            line
            if line.startswith("#")
            else re.sub(r"\S+", lambda word: agreed(word[0], uris), line)
            for line in rest.splitlines(keepends=True)
        ]
        return head + colon + "".join(lines)

    def agreed(suite: str, uris: list[str]) -> str:
        wanted = {rename(uri, suite) for uri in uris}
        return wanted.pop() if len(wanted) == 1 else suite

    return "".join(map(stanza, re.split(r"(\n[ \t]*\n+)", text)))


def words(said: str) -> list[str]:
    """Return the values of a deb822 field."""
    lines = said.partition(":")[2].splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def replace(path: Path, text: str) -> None:
    """Replace a file at once, with its owner and mode."""
    stat, new = path.stat(), path.with_name(f".{path.name}.postwright")
    new.write_text(text, encoding="utf-8")
    os.chown(new, stat.st_uid, stat.st_gid)
    new.chmod(stat.st_mode & 0o7777)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.replace(path)


def files() -> list[Path]:
    """Return the files that apt reads."""
    listed = [path for path in FOLDER.glob("*") if path.suffix in {".list", ".sources"}]
    return [path for path in (FILE, *sorted(listed)) if path.exists()]


def switched(path: Path, text: str, rename: Rename) -> str:
    """Return a file's text with its suites renamed."""
    return (deb822 if path.suffix == ".sources" else one_line)(text, rename)


def fixed(ours: list[Entry], texts: Mapping[Path, str], old: str, new: str) -> list[Entry]:
    """Return Debian's entries that cannot be switched: not found, or in a stanza with others."""
    rename, left = Renaming(ours, old, new), Renaming(ours, old, new)
    for path, text in texts.items():
        switched(path, switched(path, text, rename), left)
    wanted = [entry for entry in ours if renamed(entry.suite, old, new) != entry.suite]
    return [entry for entry in wanted if entry.key not in rename.met - left.met]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "old": {"type": "str", "required": True},
            "new": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    old, new = module.params["old"], module.params["new"]
    _, out, _ = module.run_command(["apt-get", "indextargets", "--format", TARGETS], check_rc=True)
    told = [Entry(*line.split("\t")) for line in dict.fromkeys(out.splitlines())]
    ours = [entry for entry in told if entry.origin in ORIGINS]
    rename, diffs = Renaming(ours, old, new), []
    texts = {path: path.read_text(encoding="utf-8") for path in files()}
    for path, before in texts.items():
        after = switched(path, before, rename)
        if after != before:
            names = {"before_header": str(path), "after_header": str(path)}
            diffs.append({**names, "before": before, "after": after})
            if not module.check_mode:
                replace(path, after)
    module.exit_json(
        changed=bool(diffs),
        diff=diffs,
        foreign=[str(entry) for entry in told if entry not in ours],
        unnamed=[
            str(entry) for entry in ours if not re.match(rf"({old}|{new})($|[-/])", entry.suite)
        ],
        fixed=[str(entry) for entry in fixed(ours, texts, old, new)],
        repositories=[
            {"uri": uri, "suite": renamed(suite, old, new)} for uri, suite in sorted(rename.debians)
        ],
    )


if __name__ == "__main__":
    main()
