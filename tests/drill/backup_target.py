"""A target for backups on the lab's other organisation: a user whom each host's key reaches."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drill_state import ROOT
from labbackup import TOOL
from labkit import MAIL_HOSTS, command, on, play

USER, PLACE = "keeper", "/srv/keeper"
OPENS = "correct horse battery staple"
RESULT = tuple[int, str]
FLIP = """
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(0, 2)
    file.seek(file.tell() // 2)
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 4]))
"""


def spec(facts: dict[str, Any], **more: object) -> str:
    """Return `mail_backup` for this target, as ansible-playbook's extra variables."""
    host_key = on("peer", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
    said = {
        "repository": f"sftp:{USER}@{facts['hosts']['peer']['ipv4']}:{PLACE}",
        "host_keys": [" ".join(host_key)],
        "password": OPENS,
        **more,
    }
    return json.dumps({"mail_backup": said})


def made() -> None:
    """Make the target: a user, its directory, and rclone."""
    on("peer", "apt-get", "-qq", "update")
    on("peer", "apt-get", "-qqy", "install", "--no-install-recommends", "rclone")
    user = f"id {USER} || useradd --system --home-dir {PLACE} --shell /bin/sh {USER}"
    place = f"rm -rf {PLACE}; install -d -o {USER} -m 700 {PLACE} {PLACE}/.ssh"
    on("peer", "sh", "-ec", f"{user}; {place}")


def authorize(lines: list[str]) -> None:
    """Have the target take these keys, and no other."""
    text = "\n".join(lines)
    on("peer", "sh", "-ec", f"cat >{PLACE}/.ssh/authorized_keys <<'E'\n{text}\nE\n"
       f"chown {USER}: {PLACE}/.ssh/authorized_keys")  # fmt: skip


def told(*words: str) -> None:
    """Tell both hosts of their target; `cutover` lets them out to it."""
    for phase in ("hosts", "cutover"):
        done = play(f"playbooks/{phase}.yml", *words)
        assert done.status == 0, done.output[-3000:]


def turned_on(extra: str) -> dict[str, str]:
    """Converge both hosts with a backup, and return what each wants the target to know."""
    told("-e", extra)
    return {host: wanted_line(host) for host in MAIL_HOSTS}


def turned_off() -> None:
    """Remove the target, and converge both hosts with the backup that the inventory says."""
    on("peer", "rm", "-rf", PLACE)
    for host in MAIL_HOSTS:
        run(host, "forget-repository")
    told()
    for host in MAIL_HOSTS:
        on(host, "systemctl", "reset-failed")


def wanted_line(host: str) -> str:
    """Return the line that a host asks the target to know, from what it says of its failure."""
    on(host, TOOL, "forget-repository")
    said = run(host, "init")
    assert said[0] == 75, said
    assert "authorized_keys" in said[1], said
    return next(line.strip() for line in said[1].splitlines() if "restrict,command=" in line)


def run(host: str, *words: str) -> RESULT:
    """Return exit status and all output of the backup's tool."""
    done = command("scripts/lab", "exec", host, "--", TOOL, *words)
    return done.returncode, done.stdout + done.stderr


def noise(lines: int) -> str:
    """Return text that nothing compresses to little."""
    return "".join(f"{secrets.token_hex(35)}\r\n" for _ in range(lines))


def flipped(file: str) -> str:
    """Return the command that changes a bit in the middle of a file: the data of messages."""
    return f"python3 -c {shlex.quote(FLIP)} {file}"


def packs(host: str) -> list[str]:
    """Return the data files of a host's repository, the largest first."""
    said = on("peer", "sh", "-c", f"ls -S $(find {PLACE}/{host}/data -type f)")
    return said.split()


@contextmanager
def spoilt(host: str, how: str) -> Iterator[None]:
    """Do something to a host's repository, and bring it back as it was."""
    kept = f"{PLACE}/{host}.kept"
    on("peer", "cp", "-a", f"{PLACE}/{host}", kept)
    try:
        on("peer", "sh", "-ec", how)
        yield
    finally:
        back = f"if mountpoint -q {PLACE}/{host}; then umount {PLACE}/{host}; fi"
        on("peer", "sh", "-ec", f"{back}; rm -rf {PLACE}/{host}; mv {kept} {PLACE}/{host}")


def prune(host: str) -> RESULT:
    """Remove old snapshots from elsewhere: where the target's disk is seen."""
    place = ROOT / ".lab/hosts/peer/disk" / PLACE.lstrip("/") / host
    done = command(
        str(ROOT / ".venv/bin/postwright"), "backup", "prune", host, "-i", "inventory/lab",
        "--repository", str(place),
    )  # fmt: skip
    on("peer", "chown", "-R", f"{USER}:", f"{PLACE}/{host}")
    return done.returncode, done.stdout + done.stderr
