"""What another domain promises of TLS is kept: its mail goes verified, or waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labkit import command, on, this_lab
from labmail import Post, waiting
from labpeer import (
    FORGET_POLICIES,
    FRIEND,
    SENDERS,
    TLSA,
    everywhere,
    fingerprint,
    published,
    zone_of,
)
from postwright.dns.drivers import Rfc2136
from postwright.dns.records import Slot
from postwright.lab.keys import Keys, certificate

pytestmark = pytest.mark.usefixtures("site")

# An HTTPS server for one file, as another organisation may run it.
POLICY_HOST = """
import http.server, ssl
class Policy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(open("/root/policy.txt", "rb").read())
server = http.server.ThreadingHTTPServer(("", 443), Policy)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("/root/policy.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


@pytest.fixture(scope="module")
def peer_zone(lab_facts: dict[str, Any]) -> Rfc2136:
    """The way to change peer.test's records."""
    return zone_of(lab_facts)


def sent_over(post: Post, host: str) -> str:
    """Send a message to peer, await it, and return how Postfix found the connection."""
    since = f"@{time.time():.3f}"
    token, _ = post.send(SENDERS[host], FRIEND)
    assert post.arrived(FRIEND, token)
    line = on(host, "journalctl", "-o", "cat", "-q", "--since", since, "-g", "established to peer")
    return line.partition(" ")[0]


def held(post: Post, host: str) -> tuple[str, str]:
    """Send a message to peer that has to wait; return its token and the reason."""
    token, _ = post.send(SENDERS[host], FRIEND)
    reason = waiting(host, SENDERS[host])
    assert post.count(FRIEND, token) == 0
    return token, reason


def go_on(post: Post, tokens: dict[str, str]) -> None:
    """Assert that held messages arrive now that nothing is in their way."""
    everywhere(lambda host: on(host, "postqueue", "-f"))
    assert all(everywhere(lambda host: post.arrived(FRIEND, tokens[host])).values())


def test_mail_goes_by_dane_and_waits_where_the_record_does_not_match(
    post: Post, peer_zone: Rfc2136
) -> None:
    with published(peer_zone, {TLSA: f"3 1 1 {fingerprint()}"}):
        assert set(everywhere(lambda host: sent_over(post, host)).values()) == {"Verified"}
    with published(peer_zone, {TLSA: f"3 1 1 {'0' * 64}"}):
        waits = everywhere(lambda host: held(post, host))
    assert all("not verified" in why for _, why in waits.values())
    go_on(post, {host: token for host, (token, _) in waits.items()})


@contextmanager
def policy_host() -> Iterator[None]:
    """Have peer serve /root/policy.txt at mta-sts.peer.test, with a certificate that is trusted."""
    lab = this_lab()
    chain, key = certificate(Keys(lab.home / "keys"), lab.hosts["peer"], "mta-sts.peer.test")
    command("scripts/lab", "exec", "peer", "--", "tee", "/root/policy.pem", input=key + chain)
    on("peer", "systemd-run", "-q", "--unit=policy-host", "python3", "-c", POLICY_HOST)
    try:
        yield
    finally:
        on("peer", "systemctl", "stop", "policy-host")


def policy(mx: str) -> None:
    """Write the policy that peer serves."""
    text = f"version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 60\n"
    command("scripts/lab", "exec", "peer", "--", "tee", "/root/policy.txt", input=text)


def test_mail_goes_by_mta_sts_and_waits_where_the_policy_names_another_host(
    post: Post, peer_zone: Rfc2136, lab_facts: dict[str, Any]
) -> None:
    name = {Slot("mta-sts.peer.test", "A"): lab_facts["hosts"]["peer"]["ipv4"]}
    record = Slot("_mta-sts.peer.test", "TXT")
    with policy_host():
        policy("*.peer.test")
        with published(peer_zone, {**name, record: '"v=STSv1; id=1"'}):
            assert set(everywhere(lambda host: sent_over(post, host)).values()) == {"Verified"}
        policy("other.example.test")
        with published(peer_zone, {**name, record: '"v=STSv1; id=2"'}):
            waits = everywhere(lambda host: held(post, host))
            said = everywhere(lambda host: on(host, "postwright-tls-policy", "peer.test"))
    for text in said.values():
        assert "OK secure match=other.example.test" in text
        assert "mode enforce, id 2, valid until" in text
    # A policy outlives its record until its time is over; nothing but the store ends it before.
    everywhere(lambda host: on(host, "sh", "-ec", FORGET_POLICIES))
    go_on(post, {host: token for host, (token, _) in waits.items()})


@pytest.mark.parametrize("unit", ["postwright-tls-policy", "unbound"])
def test_without_its_helpers_a_host_holds_mail(post: Post, unit: str) -> None:
    everywhere(lambda host: on(host, "sh", "-ec", f"systemctl stop {unit}; postfix reload"))
    try:
        waits = everywhere(lambda host: held(post, host))
    finally:
        everywhere(lambda host: on(host, "systemctl", "start", unit))
    go_on(post, {host: token for host, (token, _) in waits.items()})
