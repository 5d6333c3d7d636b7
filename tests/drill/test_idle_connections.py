"""An IMAP connection that idles costs no process of its own, and still hears of new mail."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import on
from labmail import Post
from postwright.probe.result import awaited
from postwright.probe.wire import Line

PATIENCE = 60.0
"""Seconds: twice imap_hibernate_timeout."""


@pytest.mark.parametrize(
    ("host", "address"), [("mx1", "taro@alpha.test"), ("mx2", "saburo@gamma.test")]
)
def test_an_idle_connection_is_handed_over_and_comes_back_for_new_mail(
    facts: dict[str, Any], host: str, address: str
) -> None:
    post = Post(facts)
    login = post.login(address)
    with Line(post.target(address), 993, implicit_tls=True) as idle:
        idle.readline()
        for command in (f'LOGIN "{login.address}" "{login.password}"', "SELECT INBOX"):
            idle.send(f"a {command}\r\n".encode())
            while not idle.readline().startswith("a OK"):
                pass
        idle.send(b"a IDLE\r\n")
        assert idle.readline().startswith("+")
        assert _process(host, address) == "imap"
        with awaited(PATIENCE) as again:
            while again() and _process(host, address) != "imap-hibernate":
                pass
        assert _process(host, address) == "imap-hibernate"
        post.send(address, address)
        assert "EXISTS" in idle.readline()
        assert _process(host, address) == "imap"


def _process(host: str, address: str) -> str:
    """Return the name of the program that holds the account's one connection."""
    script = (
        "pid=$(doveadm who -1 \"$1\" | sed -n 's/.* \\([0-9]\\+\\) .*/\\1/p' | tail -1);"
        ' basename "$(readlink /proc/$pid/exe)"'
    )
    return on(host, "sh", "-c", script, "sh", address).strip()
