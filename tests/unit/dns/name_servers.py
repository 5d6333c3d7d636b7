"""Real name servers for tests: Knot and BIND 9 as ordinary processes on loopback."""

from __future__ import annotations

import base64
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring

from postwright.dns.drivers import Server

ZONE = "zone.test"
READY = 20.0
"""Seconds that a server may take until it answers."""

# Names are relative: any zone may begin so.
_ZONE_FILE = """$TTL 3600
@ SOA ns1 hostmaster 1 3600 600 604800 60
@ NS ns1
ns1 A 127.0.0.1
"""
_KNOT = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: "{folder}/log"
    any: info
database:
    storage: "{folder}"
    journal-db-mode: asynchronous
key:
  - id: test
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: test
    key: test
    action: [transfer, update]
zone:
{zones}
"""
_KNOT_ZONE = """  - domain: {zone}
    file: "{folder}/zone"
    zonefile-sync: -1
    acl: test"""
# The policy and the signing are what an operator of BIND 9.18 has by two lines; `default` signs
# with one ECDSA key and wants no TTL over a day.
_BIND = """
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    managed-keys-directory "{folder}";
    recursion no;
    dnssec-validation no;
}};
controls {{ }};
logging {{ channel all {{ file "{folder}/log"; severity info; }}; category default {{ all; }}; }};
key test {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "{zone}" {{
    type primary;
    file "{folder}/zone";
    dnssec-policy default;
    inline-signing yes;
    allow-transfer {{ key test; }};
    allow-update {{ key test; }};
}};
"""


@contextmanager
def knot(folder: Path, zones: Sequence[str] = (ZONE,)) -> Iterator[Server]:
    """Yield a running Knot."""
    server = _server("knot")
    listed = "\n".join(_KNOT_ZONE.format(zone=zone, folder=folder) for zone in zones)
    config = _prepared(folder, _KNOT, server, zones=listed)
    command = [program("knotd"), "-c", str(config)]
    with running(command, folder, lambda: _serves(server, zones[-1])):
        yield server


@contextmanager
def bind(folder: Path) -> Iterator[Server]:
    """Yield a running BIND 9 that signs its zone."""
    server = _server("bind")
    config = _prepared(folder, _BIND, server, zone=ZONE)
    # Debian's AppArmor profile is for the program at its own path, and allows no other folders.
    named = shutil.copy(program("named"), folder / "named")
    command = [str(named), "-f", "-n", "1", "-c", str(config)]
    with running(command, folder, lambda: _serves(server, ZONE)):
        yield server


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server(name: str) -> Server:
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    return Server(name, "127.0.0.1", free_port(), "test", "hmac-sha256", secret, timeout=3)


def program(name: str) -> str:
    """Return where one of Debian's servers lies."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"{name} is not installed: run scripts/setup"
    return found


def _prepared(folder: Path, template: str, server: Server, **more: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "zone").write_text(_ZONE_FILE)
    config = folder / "conf"
    values = {"folder": folder, "port": server.port, "secret": server.secret, **more}
    config.write_text(template.format(**values))
    return config


@contextmanager
def running(command: list[str], folder: Path, answers: Callable[[], bool]) -> Iterator[None]:
    """Run a server as long as needed, from when it answers."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        _await_answer(process, folder, answers)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serves(server: Server, zone: str) -> bool:
    query = dns.message.make_query(zone, "SOA")
    try:
        answer = dns.query.tcp(query, server.host, timeout=1, port=server.port)
    except (EOFError, dns.exception.DNSException):
        return False
    return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)


def _await_answer(
    process: subprocess.Popen[bytes], folder: Path, answers: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if answers():
                return
        except OSError:
            pass
        time.sleep(0.05)
    logs = [path for path in (folder / "output", folder / "log") if path.exists()]
    said = "".join(path.read_text() for path in logs)
    status = process.poll()
    raise AssertionError(f"{process.args!r} does not answer (exit status {status}):\n{said}")
