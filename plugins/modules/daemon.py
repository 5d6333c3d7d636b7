"""Bring one daemon's whole configuration into force on a host (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: daemon
short_description: A daemon runs with exactly this configuration
description:
  - Installs a set of rendered files as one unit, has the daemon's own program validate the
    whole set before anything is replaced, compiles look-up tables that are older than their
    source, and starts, reloads or restarts the systemd unit.
  - What the daemon has loaded is recorded by digest, so a run that was killed between writing
    a file and reloading the daemon is mended by the next one; no handler can be lost.
  - The action plugin of the same name renders the C(src) of each file on the controller.
options:
  unit:
    description: The systemd unit that reads the files. Without it, files are only installed.
    type: str
  enable:
    description: The unit to enable at boot, where it is another one than O(unit).
    type: str
  files:
    description: Files to install, each with C(src) or C(content), C(dest), C(owner), C(group),
      C(mode), C(secret) (its diff is not shown), C(loaded) (false when the daemon notices a change
      by itself) and C(keep) (an existing file stays; of a list of texts, if it is one of them).
    type: list
    elements: dict
    required: true
  directories:
    description: Directories to create, each with C(path), C(owner), C(group) and C(mode).
    type: list
    elements: dict
    default: []
  absent:
    description: Files that must not exist.
    type: list
    elements: path
    default: []
  tree:
    description: A directory copied into the staging root before validation, for a program that
      reads files we do not own.
    type: path
  validate:
    description: The command that judges the staged files; C({root}) is the staging root.
    type: str
  compile:
    description: The command that compiles a table; C({source}) is its source.
    type: str
  compiled:
    description: Tables to compile, each with C(source) and C(target).
    type: list
    elements: dict
    default: []
  restart_for:
    description: Destinations whose change needs a restart, because a reload does not read them.
      A file of the unit's own below C(/etc/systemd/system) always does.
    type: list
    elements: path
    default: []
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Knot answers with the zones of this host
  postwright.mail.daemon:
    unit: knot
    files:
      - {src: etc/knot/knot.conf.j2, dest: /etc/knot/knot.conf, mode: "0644"}
    validate: knotc -c {root}/etc/knot/knot.conf conf-check
"""

RETURN = r"""
did:
  description: What was done, in order, for the operator.
  type: list
  elements: str
  returned: always
"""

import fcntl
import grp
import hashlib
import json
import os
import pwd
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.units import record, unit_property

# Emptied by a reboot, so that nothing of a killed run stays for long.
SCRATCH = Path("/run/postwright")
HIDDEN = "(a secret: not shown)\n"


def read(path: Path) -> str | None:
    """Return the file's text, or None where there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None


def digest(text: str) -> str:
    """Return the SHA-256 of a file's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogateescape")).hexdigest()


class Quiet(AnsibleModule):  # type: ignore[misc,unused-ignore]
    """A module that keeps out of the host's journal, where Ansible writes all arguments.

    `no_log` on an option would also blank each of its values, a mode or a name, in all results.
    """

    def _log_invocation(self) -> None:
        """Log nothing: files hold secrets."""


class Installer:
    """Installs files and directories and remembers what it did."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.check: bool = module.check_mode
        self.did: list[str] = []
        self.diffs: list[dict[str, str]] = []
        self.changed_files: set[str] = set()

    def ids(self, spec: dict[str, Any]) -> tuple[int, int]:
        """Return (uid, gid). On a bare host under --check the user may not exist yet: root."""
        try:
            return (
                pwd.getpwnam(spec.get("owner") or "root").pw_uid,
                grp.getgrnam(spec.get("group") or "root").gr_gid,
            )
        except KeyError as error:
            if self.check:
                return (0, 0)
            self.module.fail_json(msg=f"{spec.get('dest') or spec.get('path')}: {error}")

    def directory(self, spec: dict[str, Any]) -> None:
        """Create a directory, or correct its owner and mode."""
        path, mode = Path(spec["path"]), int(spec.get("mode") or "0755", 8)
        wanted = (*self.ids(spec), mode)
        if path.is_dir():
            stat = path.stat()
            if (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == wanted:
                return
        self.did.append(f"directory {path}")
        if not self.check:
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, wanted[0], wanted[1])
            path.chmod(mode)

    def file(self, spec: dict[str, Any]) -> None:
        """Replace a file atomically where its text, owner or mode differs."""
        path, mode = Path(spec["dest"]), int(spec.get("mode") or "0644", 8)
        wanted = (*self.ids(spec), mode)
        before = read(path)
        stat = path.stat() if before is not None else None
        same_text = before == spec["content"]
        if stat and same_text and (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == wanted:
            return
        self.did.append(f"file {path}")
        if not same_text:
            self.changed_files.add(str(path))
            hidden = spec.get("secret")
            self.diffs.append(
                {
                    "before_header": str(path),
                    "after_header": str(path),
                    "before": HIDDEN if hidden and before is not None else before or "",
                    "after": HIDDEN.replace("(", "(new: ") if hidden else spec["content"],
                }
            )
        if self.check:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Always the same name: what a killed run left is overwritten, and goes.
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(spec["content"])
            os.fchown(out.fileno(), wanted[0], wanted[1])
            os.fchmod(out.fileno(), mode)
            out.flush()
            os.fsync(out.fileno())
        new.replace(path)

    def remove(self, name: str) -> None:
        """Remove a file that must not exist."""
        path = Path(name)
        if path.exists() or path.is_symlink():
            self.did.append(f"removed {path}")
            self.changed_files.add(name)
            if not self.check:
                path.unlink()


def validate(module: AnsibleModule, files: list[dict[str, Any]]) -> None:
    """Let the daemon's own program judge the staged files; nothing is replaced if it refuses."""
    command = module.params["validate"]
    if not command:
        return
    if shutil.which(shlex.split(command)[0]) is None and module.check_mode:
        return  # a bare host under --check: the program is not installed yet
    root = SCRATCH / f"{module.params['unit'] or 'files'}.staged"
    shutil.rmtree(root, ignore_errors=True)  # a killed run's
    root.mkdir(mode=0o700)
    try:
        tree = module.params["tree"]
        if tree and Path(tree).is_dir():
            shutil.copytree(tree, root / tree.lstrip("/"), symlinks=True)
        for spec in files:
            staged = root / spec["dest"].lstrip("/")
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(spec["content"], encoding="utf-8", errors="surrogateescape")
        code, out, err = module.run_command(shlex.split(command.format(root=root)))
        if code != 0:
            said = (out + err).replace(str(root), "")
            lines = [line for line in said.splitlines() if line.strip()]
            told = dict.fromkeys([*lines, *quoted(said, files)])
            head = "the new configuration was refused and nothing was replaced:"
            tail = f"(command: {command.format(root='')})"
            module.fail_json(msg="\n".join([head, *told, tail]))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def quoted(said: str, files: list[dict[str, Any]]) -> list[str]:
    """Return the lines that a program complains of by file and number; they lie nowhere to look."""
    texts = {s["dest"]: s["content"].splitlines() for s in files if not s.get("secret")}
    return [
        f"{path} line {number} reads: {texts[path][int(number) - 1].strip()}"
        for path, number in re.findall(r"(/[^\s:,]+)(?:,? line |:)(\d+)", said)
        if 0 < int(number) <= len(texts.get(path, ()))
    ]


def compile_tables(module: AnsibleModule, installer: Installer) -> None:
    """Compile every table that is missing or older than its source."""
    for table in module.params["compiled"]:
        source, target = Path(table["source"]), Path(table["target"])
        fresh = (
            source.exists()
            and target.exists()
            and target.stat().st_mtime_ns >= source.stat().st_mtime_ns
            and table["source"] not in installer.changed_files
        )
        if fresh:
            continue
        installer.did.append(f"compiled {target}")
        if not installer.check:
            command = module.params["compile"].format(source=source)
            code, out, err = module.run_command(shlex.split(command))
            if code != 0:
                module.fail_json(msg=f"{command}: {out}{err}")


class Unit:
    """One systemd unit and the record of what it has loaded."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.name: str = module.params["unit"]
        self.enable: str = module.params["enable"] or self.name
        self.record = record(self.name)

    def forget(self, files: list[dict[str, Any]]) -> None:
        """Take back the record of files that are about to be replaced.

        Whoever changed them may have had the daemon load what they wrote; and this run may be
        killed between replacing a file and reloading the daemon.
        """
        known: dict[str, str] = json.loads(read(self.record) or "{}")
        stale = {spec["dest"] for spec in files if read(Path(spec["dest"])) != spec["content"]}
        if known.keys() & stale:
            self.remember({path: seen for path, seen in known.items() if path not in stale})

    def remember(self, loaded: dict[str, str]) -> None:
        """Write down what the daemon has loaded: a digest for each file."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        partial = self.record.with_suffix(".new")
        # A short secret can be guessed from its file's digest: for root alone, as the file is.
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(loaded, indent=1), encoding="utf-8")
        partial.replace(self.record)

    def systemctl(self, verb: str, name: str) -> None:
        """Run systemctl; a failure shows the unit's journal."""
        code, _, err = self.module.run_command(["systemctl", verb, name])
        if code != 0:
            _, journal, _ = self.module.run_command(
                ["journalctl", "--no-pager", "-n", "30", "-o", "cat", "-u", name]
            )
            self.module.fail_json(msg=f"systemctl {verb} {name}: {err}\n{journal}")

    def apply(self, files: list[dict[str, Any]], installer: Installer) -> None:
        """Enable the unit and make it run with what the files say."""
        wanted = {
            spec["dest"]: digest(spec["content"])
            for spec in files
            if spec.get("loaded", True) and spec["content"] is not None
        }
        known = read(self.record)
        loaded: dict[str, str] = json.loads(known) if known else {}
        different = {
            path for path in wanted.keys() | loaded.keys() if wanted.get(path) != loaded.get(path)
        }
        active = unit_property(self.module, "ActiveState", self.name) == "active"
        enabled = unit_property(self.module, "UnitFileState", self.enable) in {"enabled", "static"}
        # A reload leaves a running process in the sandbox that its unit named when it started. The
        # unit may also be a timer, and the changed file its service.
        written = any(path.startswith("/etc/systemd/system/") for path in different)
        restart = not known or written or different & set(self.module.params["restart_for"])
        verb = "start" if not active else "restart" if restart else "reload"
        if not enabled:
            installer.did.append(f"enabled {self.enable}")
        if different or not active:
            installer.did.append(f"{verb} {self.name}")
        if installer.check:
            return
        if written or unit_property(self.module, "NeedDaemonReload", self.name) == "yes":
            self.module.run_command(["systemctl", "daemon-reload"], check_rc=True)
        if not enabled:
            self.systemctl("enable", self.enable)
        if different or not active:
            self.systemctl(verb, self.name)
            self.remember(wanted)


def alone(unit: str | None) -> None:
    """Wait until no process of a killed run works on the unit; then hold it until we end."""
    SCRATCH.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(SCRATCH / f"{unit or 'files'}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)


def main() -> None:
    """Run the module."""
    module = Quiet(
        argument_spec={
            "unit": {"type": "str"},
            "enable": {"type": "str"},
            "files": {"type": "list", "elements": "dict", "required": True},
            "directories": {"type": "list", "elements": "dict", "default": []},
            "absent": {"type": "list", "elements": "path", "default": []},
            "tree": {"type": "path"},
            "validate": {"type": "str"},
            "compile": {"type": "str"},
            "compiled": {"type": "list", "elements": "dict", "default": []},
            "restart_for": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    alone(module.params["unit"])
    installer = Installer(module)
    files = module.params["files"]
    for spec in files:
        kept, existing = spec.get("keep"), read(Path(spec["dest"]))
        if existing is not None and (existing in kept if isinstance(kept, list) else kept):
            spec["content"] = existing
    # What lies there was judged when it was written; judging all again took a third of a run
    # with nothing to change.
    if any(read(Path(spec["dest"])) != spec["content"] for spec in files):
        validate(module, files)
    unit = Unit(module) if module.params["unit"] else None
    if unit and not module.check_mode:
        unit.forget(files)
    for spec in module.params["directories"]:
        installer.directory(spec)
    for spec in files:
        installer.file(spec)
    for name in module.params["absent"]:
        installer.remove(name)
    compile_tables(module, installer)
    if unit:
        unit.apply(files, installer)
    # `invocation` is stated empty: the default would repeat every file's text, secrets included.
    module.exit_json(
        changed=bool(installer.did), did=installer.did, diff=installer.diffs, invocation={}
    )


if __name__ == "__main__":
    main()
