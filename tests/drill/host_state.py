"""Runs on a mail host (standard library only): prints as JSON all that a converge decides there."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

MANAGED = (
    *("/etc/postfix", "/etc/dovecot", "/etc/rspamd/local.d", "/etc/rspamd/rspamd.local.lua"),
    *("/etc/nginx/nginx.conf", "/etc/nftables.conf", "/etc/nftables.d", "/etc/dehydrated"),
    *("/etc/postwright", "/etc/systemd", "/etc/tmpfiles.d", "/etc/mailname", "/etc/hostname"),
    *("/etc/unbound/unbound.conf", "/etc/resolv.conf", "/usr/local/lib/postwright"),
    *("/usr/local/sbin", "/var/lib/postwright", "/var/lib/dehydrated", "/run/rspamd-milter"),
    # Where a killed run could leave parts of files behind.
    *("/tmp", "/run/postwright", "/root"),  # noqa: S108 - looked at, never written
)
# Made anew by each run on a bare host: keys, certificates, what is derived from them.
BY_NATURE = re.compile(r"/var/lib/postwright/(dkim|certificates)/|/var/lib/dehydrated/|\.lmdb$")
# Temporary directories of systemd's services and of Ansible's modules, under random names.
OTHERS = re.compile(r"^/tmp/(systemd-private|ansible)[-_]")
LOADED = Path("/var/lib/postwright/loaded")
UNITS = ("dovecot", "nftables", "nginx", "postfix", "postfix@-", "rspamd", "ssh")
UNITS += ("systemd-journald", "postwright-certificates.timer", "postwright-certificates")
UNITS += ("postwright-tls-policy", "unbound")


def output(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def plain(text: str) -> str:
    """Return a text without the time in dehydrated's names and the tag in DKIM selectors."""
    text = re.sub(r"-\d{10}(?=\.)", "-TIME", text)
    return re.sub(r"(-\d{6}[er])-[a-z2-7]{4}\b", r"\1-TAG", text)


def digest(data: bytes) -> str:
    """Return a digest that is long enough to tell two files apart."""
    return hashlib.sha256(data).hexdigest()[:16]


def in_force(record: Path) -> str:
    """Return for which files a daemon's record of what it has loaded is what lies there."""
    known = json.loads(record.read_text(encoding="utf-8"))
    return " ".join(
        f"{path}={hashlib.sha256(Path(path).read_bytes()).hexdigest() == loaded}"
        for path, loaded in sorted(known.items())
    )


def paths(top: str) -> Iterator[Path]:
    """Return a path and everything below it."""
    root = Path(top)
    if root.is_symlink() or root.exists():
        yield root
    if root.is_dir():
        yield from (path for path in root.rglob("*") if not OTHERS.search(str(path)))


def described(path: Path) -> str:
    """Return a file's kind, owner, group, mode and, where it is not made anew, its digest."""
    found = path.lstat()
    words = [
        stat.filemode(found.st_mode),
        pwd.getpwuid(found.st_uid).pw_name,
        grp.getgrgid(found.st_gid).gr_name,
    ]
    if path.is_symlink():
        words.append(plain(f"-> {path.readlink()}"))
    elif path.parent == LOADED:
        words.append(in_force(path))
    elif path.is_file() and not BY_NATURE.search(str(path)):
        words.append(digest(plain(path.read_text(encoding="utf-8")).encode()))
    return " ".join(words)


def tables() -> Iterator[tuple[str, str]]:
    """Return what each compiled table says: equal tables differ in their bytes."""
    for path in Path("/etc/postfix").glob("*.lmdb"):
        lines = sorted(output("postmap", "-s", f"lmdb:{path.with_suffix('')}").splitlines())
        yield f"table {path}", digest("\n".join(lines).encode())


def units() -> Iterator[tuple[str, str]]:
    """Return which units are enabled, which of ours run, and which have failed."""
    for line in output("systemctl", "list-unit-files", "--state=enabled", "--no-legend").split(
        "\n"
    ):
        if line:
            yield f"enabled {line.split()[0]}", "yes"
    for unit in UNITS:
        shown = output("systemctl", "show", "-P", "ActiveState", "-P", "NeedDaemonReload", unit)
        yield f"unit {unit}", shown.strip().replace("\n", " ")
    yield "failed units", output("systemctl", "list-units", "--failed", "--no-legend", "--plain")


def packages() -> Iterator[tuple[str, str]]:
    """Return each package with its version and state, and what dpkg finds unfinished."""
    form = "${Package}:${Architecture} ${Version} ${db:Status-Abbrev}\n"
    manual = set(output("apt-mark", "showmanual").split())
    for line in output("dpkg-query", "-W", "-f", form).splitlines():
        name, state = line.split(" ", 1)
        wanted = " manual" if name.partition(":")[0] in manual else ""
        yield f"package {name}", state.strip() + wanted
    yield "dpkg --audit", output("dpkg", "--audit")


def main() -> None:
    """Print the state."""
    listeners = sorted(line.split()[3] for line in output("ss", "-Hltn").splitlines())
    state = {f"file {plain(str(p))}": described(p) for top in MANAGED for p in paths(top)}
    state |= {f"listener {address}": "yes" for address in listeners}
    state |= dict(tables()) | dict(units()) | dict(packages())
    state["nftables"] = output("nft", "-s", "list", "ruleset")
    state["user vmail"] = ":".join(map(str, pwd.getpwnam("vmail")))
    print(json.dumps(state))


if __name__ == "__main__":
    os.umask(0o077)
    main()
