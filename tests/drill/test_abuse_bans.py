"""Who guesses is banned from every mail port; nobody else is, the operator least of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, on
from labmail import Post
from postwright.probe.mailbox import Imap
from postwright.probe.result import awaited

NAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
PORTS = (25, 465, 993, 995, 4190)
GUESSES = 20
# Guesses at one port, a few at a time, until a connection is refused; prints how long that took.
GUESS = """
import base64, socket, ssl, sys, time
from concurrent.futures import ThreadPoolExecutor
name, address, port, number = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
token = base64.b64encode(b"\\0taro@alpha.test\\0guess")
words = {465: [b"EHLO client.test", b"AUTH PLAIN " + token],
         993: [b"a LOGIN taro@alpha.test guess"],
         995: [b"USER taro@alpha.test", b"PASS guess"],
         4190: [b"STARTTLS", b'AUTHENTICATE "PLAIN" "' + token + b'"']}[port]
def guess(_):
    try:
        line = socket.create_connection((address, port), 20)
        line.settimeout(20)
        if port != 4190:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=name)
        line.recv(4096)
        for word in words:
            line.sendall(word + b"\\r\\n")
            line.recv(4096)
            if word == b"STARTTLS":
                line = ssl.create_default_context().wrap_socket(line, server_hostname=name)
                line.recv(4096)
        line.close()
    except OSError:
        pass
start = time.monotonic()
with ThreadPoolExecutor(5) as pool:
    list(pool.map(guess, range(number)))
while time.monotonic() < start + 60:
    try:
        socket.create_connection((address, 25), 3).close()
    except OSError as error:
        print(round(time.monotonic() - start, 1), error.errno)
        break
    time.sleep(0.2)
"""
OPEN = """
import socket, sys
for port in sys.argv[2:]:
    try:
        socket.create_connection((sys.argv[1], int(port)), 3).close()
        print(port)
    except OSError:
        pass
"""


def reached(source: str, address: str) -> list[int]:
    """Return which mail ports of an address take a connection from a lab host."""
    ports = map(str, PORTS)
    return [int(port) for port in on(source, "python3", "-c", OPEN, address, *ports).split()]


@pytest.fixture
def unbanned(facts: dict[str, Any]) -> Iterator[None]:
    """Nobody is banned before and after."""
    for host in MAIL_HOSTS:
        on(host, "fail2ban-client", "unban", "--all")
    yield
    for host in MAIL_HOSTS:
        on(host, "fail2ban-client", "reload", "--restart", "--unban", "mail")


@pytest.mark.parametrize("port", [465, 993, 995, 4190])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_guesser_is_banned_from_every_port_in_seconds(
    host: str, family: str, port: int, unbanned: None, facts: dict[str, Any], say: Say
) -> None:
    address = facts["hosts"][host][family]
    assert reached("client", address) == [*PORTS]
    words = (NAMES[host], address, str(port), str(GUESSES))
    took = on("client", "python3", "-c", GUESS, *words).split()
    assert took, "no ban after a minute"
    say(f"{host} {family} port {port}: banned after {took[0]} s")
    assert reached("client", address) == []
    assert reached("peer", address) == [*PORTS]
    on(host, "fail2ban-client", "unban", facts["hosts"]["client"][family])
    assert reached("client", address) == [*PORTS]


@pytest.mark.parametrize("address", ["taro@alpha.test", "saburo@gamma.test"])
def test_the_operator_is_never_banned(address: str, unbanned: None, facts: dict[str, Any]) -> None:
    post = Post(facts)
    host = {"taro@alpha.test": "mx1", "saburo@gamma.test": "mx2"}[address]
    for _ in range(GUESSES):
        with Imap(post.target(address), 993) as imap, pytest.raises(imap.error):
            imap.login(address, "guess")
    status = "journalctl -u dovecot --since -3min | grep -c 'auth failed'"
    with awaited(30) as again:
        while again() and int(on(host, "sh", "-c", status)) < GUESSES:
            pass
    listed = json.loads(on(host, "nft", "-j", "list", "table", "inet", "postwright_bans"))
    assert [each["set"].get("elem") for each in listed["nftables"] if "set" in each] == [None] * 2
    token, reply = post.send(address, address)
    assert reply.startswith("250"), reply
    assert post.arrived(address, token)
