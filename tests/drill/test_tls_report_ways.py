"""Reports on TLS where they go by HTTPS, what they tell of MTA-STS, and a collector that hangs."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labkit import ROOT, command, on, this_lab
from labmail import Post
from labpeer import FORGET_POLICIES, FRIEND, SENDERS, published, zone_of
from labreports import ASKED, COLLECTOR, REPORTER, read, reporting_now
from postwright.dns.records import Slot
from postwright.lab.keys import Keys, certificate
from postwright.probe.result import awaited

SENDER, NAME = SENDERS["mx1"], "mta-sts.peer.test"
# It serves a policy, and keeps the report that comes.
WEB = """
import http.server, pathlib, ssl
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(pathlib.Path("/root/policy.txt").read_bytes())
    def do_POST(self):
        assert self.headers["Content-Type"] == "application/tlsrpt+gzip"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        pathlib.Path("/root/report.gz").write_bytes(body)
        self.answer(b"")
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("", 443), Web)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("/root/web.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
SELF_SIGNED = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=nobody"
    f" -addext subjectAltName=DNS:{NAME} -keyout /root/web.pem -out /root/web.crt"
    " && cat /root/web.crt >>/root/web.pem && systemctl restart web"
)
# The socket's queue is full, and nobody reads it.
FILL = """
import socket
link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
link.setblocking(False)
try:
    while True:
        link.sendto(b"{}", "/run/postwright-tls-reports/socket")
except BlockingIOError:
    pass
"""
POLICY = "version: STSv1\nmode: enforce\nmx: *.peer.test\nmax_age: 60\n"


def put(path: str, text: str) -> None:
    """Write a file on peer."""
    command("scripts/lab", "exec", "peer", "--", "tee", path, input=text)


@contextmanager
def web(post: Post) -> Iterator[None]:
    """Have peer serve the domain's policy and take its reports, asked for by HTTPS."""
    lab = this_lab()
    chain, key = certificate(Keys(lab.home / "keys"), lab.hosts["peer"], NAME)
    put("/root/web.pem", key + chain)
    put("/root/policy.txt", POLICY)
    on("peer", "systemd-run", "-q", "--unit=web", "python3", "-c", WEB)
    records = {
        Slot(NAME, "A"): post.facts["hosts"]["peer"]["ipv4"],
        Slot("_mta-sts.peer.test", "TXT"): '"v=STSv1; id=1"',
        ASKED: f'"v=TLSRPTv1; rua=https://{NAME}/reports"',
    }
    try:
        with published(zone_of(post.facts), records):
            yield
    finally:
        on("peer", "sh", "-c", "systemctl stop web; rm -f /root/report.gz")
        on("mx1", "sh", "-ec", FORGET_POLICIES)


def posted() -> bytes:
    """Return the report that was posted, once it was."""
    with awaited(30) as again:
        while again():
            found = subprocess.run(
                ["scripts/lab", "exec", "peer", "--", "cat", "/root/report.gz"],
                cwd=ROOT, capture_output=True, check=False,
            )  # fmt: skip
            if found.returncode == 0:
                return found.stdout
    pytest.fail("no report was posted")


def test_a_report_goes_by_https_and_tells_of_mta_sts(facts: dict[str, Any]) -> None:
    post = Post(facts)
    with web(post):
        token, _ = post.send(SENDER, FRIEND)
        assert post.arrived(FRIEND, token)
        with reporting_now():
            data = posted()
    (told,) = read(data).policies
    assert (told.policy.type, told.policy.domain) == ("sts", "peer.test")
    assert (told.summary.successful, told.summary.failed) == (1, 0)
    # RFC 8460 4.4: what the policy said, as it was fetched.
    (written,) = json.loads(gzip.decompress(data))["policies"]
    assert written["policy"]["policy-string"] == POLICY.split("\n")[:-1]
    assert written["policy"]["mx-host"] == ["*.peer.test"]


def test_no_report_goes_to_a_server_that_cannot_prove_its_name(facts: dict[str, Any]) -> None:
    post, said = Post(facts), ""
    with web(post):
        token, _ = post.send(SENDER, FRIEND)
        assert post.arrived(FRIEND, token)
        on("peer", "sh", "-ec", SELF_SIGNED)
        since = f"@{time.time():.3f}"
        with reporting_now(), awaited(30) as again:
            while again() and "exit code" not in said:
                said = on("mx1", "journalctl", "-q", "--since", since, "-u", REPORTER)
        on("peer", "test", "!", "-e", "/root/report.gz")
    # curl(1): the peer's certificate cannot be verified.
    assert "exit code 60" in said


def test_mail_does_not_wait_for_a_collector_that_hangs(facts: dict[str, Any]) -> None:
    post = Post(facts)
    with published(zone_of(facts), {ASKED: f'"v=TLSRPTv1; rua=mailto:{FRIEND}"'}):
        on("mx1", "systemctl", "kill", "--signal=STOP", COLLECTOR)
        try:
            on("mx1", "runuser", "-u", "postfix", "--", "python3", "-c", FILL)
            token, _ = post.send(SENDER, FRIEND)
            assert post.arrived(FRIEND, token)
        finally:
            on("mx1", "systemctl", "kill", "--signal=CONT", COLLECTOR)
