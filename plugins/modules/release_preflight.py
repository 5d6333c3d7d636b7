"""Look whether a host can be taken to the next Debian release (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_preflight
short_description: Finds what would stop a host on its way to the next Debian release
description:
  - Changes nothing. Returns a list of problems, each with the mend.
options:
  old:
    description: The codename of the release that the host leaves.
    type: str
    required: true
  new:
    description: The codename of the release that it gets.
    type: str
    required: true
  repositories:
    description: Debian's repositories of the next release, each with C(uri) and C(suite).
    type: list
    elements: dict
    required: true
  foreign:
    description: Entries of apt's sources that are not Debian's and may not stay, as module
      apt_release names them.
    type: list
    elements: str
    default: []
  unnamed:
    description: Entries of Debian's that name their release otherwise than by its codename.
    type: list
    elements: str
    default: []
  fixed:
    description: Entries of Debian's that cannot be switched where they are written.
    type: list
    elements: str
    default: []
  free:
    description: MiB that have to be free, by directory. What lies on one file system adds up.
    type: dict
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: The host can move to Debian 13
  postwright.mail.release_preflight:
    old: bookworm
    new: trixie
    repositories: [{uri: "http://deb.debian.org/debian/", suite: trixie}]
    free: {/: 2000, /var: 1500, /boot: 150}
"""

RETURN = r"""
problems:
  description: What stops this host, each with its mend on a line of its own.
  type: list
  elements: str
  returned: always
queued:
  description: How many messages wait in the queue.
  type: int
  returned: always
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

MIB = 1 << 20
HELPER = "/usr/lib/apt/apt-helper"
PINS = ("/etc/apt/preferences", "/etc/apt/preferences.d")
# Debian 13's release notes, 2: no longer installed there, or only for old programs.
GONE = {"i386", "armel", "mipsel", "mips64el"}
Problem = tuple[str, str]


def sums(free: Mapping[str, int], device: Mapping[str, int]) -> list[tuple[list[str], int]]:
    """Return the directories of each file system, and the MiB that they need together."""
    groups: dict[int, list[str]] = {}
    for path in sorted(free):
        groups.setdefault(device[path], []).append(path)
    return [(paths, sum(int(free[path]) for path in paths)) for paths in groups.values()]


def room(free: Mapping[str, int]) -> Iterator[Problem]:
    """Packages are fetched below /var, unpacked below / and, kernels, below /boot."""
    there = {path: mib for path, mib in free.items() if Path(path).is_dir()}
    for paths, needed in sums(there, {path: os.stat(path).st_dev for path in there}):  # noqa: PTH116
        have = shutil.disk_usage(paths[0]).free // MIB
        if have < needed:
            yield (
                f"{' and '.join(paths)}: {have} MiB are free, and {needed} MiB are needed",
                "make room: apt-get clean, apt-get autoremove, journalctl --vacuum-size=100M",
            )


def packages(module: AnsibleModule) -> Iterator[Problem]:
    """What dpkg has not finished, or may not touch, stands in the way (release notes, 4.2)."""
    _, held, _ = module.run_command(["apt-mark", "showhold"], check_rc=True)
    if held.split():
        names = " ".join(held.split())
        yield f"packages are held: {names}", f"release them: apt-mark unhold {names}"
    _, broken, _ = module.run_command(["dpkg", "--audit"])
    pending = any(Path("/var/lib/dpkg/updates").glob("*"))
    if broken.strip() or pending:
        yield (
            f"dpkg has not finished: {' '.join(broken.split()) or 'it was interrupted'}",
            "dpkg --configure -a, then apt-get --fix-broken install",
        )
    code, _, said = module.run_command(["apt-get", "check"])
    if code != 0:
        yield f"packages lack others: {' '.join(said.split())}", "apt-get --fix-broken install"
    _, architecture, _ = module.run_command(["dpkg", "--print-architecture"], check_rc=True)
    if architecture.strip() in GONE:
        yield (
            f"Debian does not install any more on {architecture.strip()}",
            "build a new host, and restore this one's mail there (docs/backup.md)",
        )


def sources(
    foreign: list[str], unnamed: list[str], fixed: list[str], old: str, new: str
) -> Iterator[Problem]:
    """Sources that nobody but the operator can judge."""
    for entry in foreign:
        yield (
            f"a source of apt's is not Debian's: {entry}",
            f"disable it; or make it fit for {new}, and set release_foreign_sources_stay: true",
        )
    for entry in unnamed:
        yield f"a source of apt's names its release otherwise: {entry}", f"write {old} there"
    for entry in fixed:
        yield (
            f"a source of apt's cannot be switched to {new} where it is written: {entry}",
            "give it a stanza of its own in a .sources file (sources.list(5))",
        )


def pins(old: str) -> Iterator[Problem]:
    """A pin to a release holds packages back (apt_preferences(5))."""
    places = [Path(place) for place in PINS]
    files = [file for place in places for file in ([place, *place.glob("*")])]
    for file in filter(Path.is_file, files):
        for line in file.read_text("utf-8", "replace").splitlines():
            if re.match(rf"Pin:\s*release\b.*\b({old}|stable|oldstable|12)\b", line):
                yield f"{file} pins packages: {line}", "take the pin away"


def reachable(
    module: AnsibleModule, new: str, repositories: list[dict[str, str]]
) -> Iterator[Problem]:
    """The mirrors have the next release, asked as apt asks them, by its proxies."""
    with tempfile.TemporaryDirectory() as folder:
        for each in repositories:
            address = f"{each['uri']}dists/{each['suite']}/InRelease"
            code, out, err = module.run_command(
                [HELPER, "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2",
                 "download-file", address, f"{folder}/InRelease"]
            )  # fmt: skip
            if code != 0:
                yield (
                    f"{address} cannot be fetched: {' '.join((err or out).split()[-30:])}",
                    f"name a mirror that has {new} in apt's sources, or let this host reach it",
                )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "old": {"type": "str", "required": True},
            "new": {"type": "str", "required": True},
            "repositories": {"type": "list", "elements": "dict", "required": True},
            "foreign": {"type": "list", "elements": "str", "default": []},
            "unnamed": {"type": "list", "elements": "str", "default": []},
            "fixed": {"type": "list", "elements": "str", "default": []},
            "free": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    problems = [
        *room({path: int(mib) for path, mib in given["free"].items()}),
        *packages(module),
        *sources(given["foreign"], given["unnamed"], given["fixed"], given["old"], given["new"]),
        *pins(given["old"]),
        *reachable(module, given["new"], given["repositories"]),
    ]
    _, queue, _ = module.run_command(["postqueue", "-j"])
    module.exit_json(
        changed=False,
        problems=[f"{what}\n    mend: {mend}" for what, mend in problems],
        queued=len(queue.splitlines()),
    )


if __name__ == "__main__":
    main()
