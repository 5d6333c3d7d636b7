"""With everything on, small hosts take mail, a run of site.yml and many sessions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, ROOT, on, play
from labmail import Post
from memory_limit import memory_of

# What Linux leaves of a machine's memory, in MiB, and how many IMAP sessions are opened at once:
# until they hibernate, each is a process of its own.
SIZES = {"1 GiB": (960, 200), "512 MiB": (460, 60)}
MESSAGES = 100
LOAD = (ROOT / "bench" / "mail_load.py").read_text(encoding="utf-8")
ACCOUNTS = {"mx1": "taro@alpha.test", "mx2": "saburo@gamma.test"}
FAILED = "systemctl list-units --plain --no-legend --state=failed"


@contextmanager
def sessions(host: str, login: str, count: int, facts: dict[str, Any]) -> Iterator[int]:
    """Hold IMAP sessions of one account from the client; yield how many there are."""
    password = f"correct horse {login.partition('@')[0]}"
    words = ("python3", "-c", LOAD, "hold", facts["hosts"][host]["ipv4"], "993", str(count))
    with subprocess.Popen(
        ["scripts/lab", "exec", "client", "--", *words, password, login],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["made"]
        finally:
            process.stdin.close()


@pytest.mark.parametrize("size", SIZES)
def test_small_hosts_do_all_of_their_work(size: str, facts: dict[str, Any], say: Say) -> None:
    post = Post(facts)
    memory, count = SIZES[size]
    # The probe logs in, too.
    many = ("-e", f"dovecot_connections_per_account={count + 30}")
    assert play("playbooks/hosts.yml", *many).status == 0
    try:
        with ExitStack() as small:
            bounds = {h: small.enter_context(memory_of(h, memory)) for h in MAIL_HOSTS}

            def told(when: str) -> None:
                shown = ", ".join(f"{host} {bound.held()} MiB" for host, bound in bounds.items())
                say(f"{size}: processes hold {shown} {when}")

            told("after booting")
            sent = {a: [post.transfer(a)[0] for _ in range(MESSAGES)] for a in ACCOUNTS.values()}
            for host, account in ACCOUNTS.items():
                held = small.enter_context(sessions(host, account, count, facts))
                assert held == count
            told(f"with {count} IMAP sessions each")
            seen = play("site.yml", *many)
            assert seen.status == 0, seen.output[-3000:]
            told("after a run of site.yml")
            for account, tokens in sent.items():
                assert all(post.arrived(account, token) for token in tokens)
            for host, bound in bounds.items():
                assert bound.killed() == 0, host
                assert on(host, "sh", "-c", FAILED) == ""
    finally:
        assert play("playbooks/hosts.yml").status == 0
