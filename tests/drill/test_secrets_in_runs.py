"""A run of site.yml at its most talkative shows no secret: in its output or in a process list."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit import MAIL_HOSTS, ROOT, on, play
from labsecrets import private_lines, search, stated

# Looks at every command line of a host until standard input ends; prints the secrets it saw.
WATCH = r"""
import json, os, select, sys, time
secrets = [each.encode() for each in json.loads(sys.stdin.readline())]
seen, looks, me = set(), 0, str(os.getpid())
while not select.select([sys.stdin], [], [], 0.02)[0]:
    looks += 1
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read().replace(b"\0", b" ")
        except OSError:
            continue
        seen |= {each.decode() for each in secrets if each in words}
print(json.dumps({"seen": sorted(seen), "looks": looks}))
"""


@contextmanager
def watched(host: str, secrets: list[str]) -> Iterator[dict[str, object]]:
    """Watch the command lines of a lab host; what was seen is there at the end."""
    command = [str(ROOT / "scripts" / "lab"), "exec", host, "--", "python3", "-c", WATCH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin
        run.stdin.write(json.dumps(secrets) + "\n")
        run.stdin.flush()
        told: dict[str, object] = {}
        yield told
        told.update(json.loads(run.communicate()[0]))


@pytest.mark.usefixtures("facts")
def test_a_watcher_sees_a_secret_on_a_command_line() -> None:
    with watched("mx1", ["a secret to be seen"]) as told:
        on("mx1", "sh", "-c", "sleep 1", "a secret to be seen")
    assert told["seen"] == ["a secret to be seen"]


@pytest.mark.usefixtures("facts")
def test_a_run_shows_no_secret_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What Ansible keeps between runs and tasks, if anything.
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(tmp_path))
    for host in MAIL_HOSTS:
        # So that there is something to show.
        on(host, "rm", "-f", "/etc/dovecot/users", "/etc/postfix/relay_passwords")
    secrets = [*stated(), *(line for host in MAIL_HOSTS for line in private_lines(host))]
    with watched("mx1", secrets) as first, watched("mx2", secrets) as second:
        run = play("site.yml", "--diff", "-vvv")
    assert run.status == 0, run.output[-3000:]
    assert "/etc/dovecot/users" in run.output
    assert [each for each in secrets if each in run.output] == []
    for told in (first, second):
        assert told["seen"] == []
        assert isinstance(told["looks"], int)
        assert told["looks"] > 100
    left = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [
        file for file in left if any(each in file.read_text(errors="ignore") for each in secrets)
    ] == []
    for host in MAIL_HOSTS:
        assert search(host).journal == []
