"""Stands before Postfix on port 25 and shows what no Postfix can; runs on a lab host, by itself.

Every byte goes to Postfix and comes from it, but for one:

- `compression`: to whoever offers DEFLATE (RFC 3749), the ServerHello says that it is taken;
- `renegotiation`: the ServerHello's `renegotiation_info` (RFC 5746) bears an unknown number;
- `early_data`, `client_renegotiation`: from the ClientHello on, openssl-s_server(1) answers, with
  the host's own key and certificates. Its session tickets allow early data (RFC 8446 4.6.1), or it
  lets a client begin a renegotiation.

Standard library and openssl(1) only.
"""

from __future__ import annotations

import select
import socket
import socketserver
import subprocess
import sys
from pathlib import Path

POSTFIX, OPENSSL = ("127.0.0.1", 2526), ("127.0.0.1", 2527)
HERE = Path(__file__).parent
MODE = sys.argv[1]
BY_OPENSSL = {
    "early_data": ["-early_data", "-max_early_data", "16384"],
    "client_renegotiation": ["-client_renegotiation"],
}
# Seconds of silence that end a connection: openssl-s_server(1) knows no QUIT.
SILENCE = 2 if MODE == "early_data" else 30
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_DEFLATE = 1
_RENEGOTIATION, _UNKNOWN = b"\xff\x01", b"\xff\xfe"
_SESSION = 43  # where a hello's session id begins: after both headers, version and random


def is_hello(data: bytes, kind: int) -> bool:
    """Tell whether data begins with a record that begins with such a hello (RFC 5246 6.2.1)."""
    return len(data) > _SESSION and data[0] == 22 and data[5] == kind


def offers_deflate(hello: bytes) -> bool:
    """Tell whether a ClientHello offers DEFLATE (RFC 5246 7.4.1.2)."""
    at = _SESSION + 1 + hello[_SESSION]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    return _DEFLATE in hello[at + 1 : at + 1 + hello[at]]


def compressing(hello: bytes) -> bytes:
    """Return a ServerHello with DEFLATE taken."""
    at = _SESSION + 1 + hello[_SESSION] + 2
    return hello[:at] + bytes([_DEFLATE]) + hello[at + 1 :]


def forgetful(hello: bytes) -> bytes:
    """Return a ServerHello in which nobody finds `renegotiation_info`."""
    at = _SESSION + 1 + hello[_SESSION] + 3
    end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 2
    while at < end:
        if hello[at : at + 2] == _RENEGOTIATION:
            return hello[:at] + _UNKNOWN + hello[at + 2 :]
        at += 4 + int.from_bytes(hello[at + 2 : at + 4], "big")
    return hello


class Session(socketserver.BaseRequestHandler):
    """One connection."""

    deflate = False

    def handle(self) -> None:
        """Carry what either side says until one of them leaves."""
        server = socket.create_connection(POSTFIX)
        while ready := select.select([self.request, server], [], [], SILENCE)[0]:
            # The server first: it may be another after the client's turn.
            for side in sorted(ready, key=lambda each: each is self.request):
                if not (data := side.recv(1 << 16)):
                    server.close()
                    return
                if side is server:
                    self.request.sendall(self.changed(data))
                    continue
                if is_hello(data, _CLIENT_HELLO):
                    self.deflate = offers_deflate(data)
                    if MODE in BY_OPENSSL:
                        server.close()
                        server = socket.create_connection(OPENSSL)
                server.sendall(data)
        server.close()

    def changed(self, data: bytes) -> bytes:
        """Return what the client gets to see."""
        if is_hello(data, _SERVER_HELLO):
            if MODE == "compression" and self.deflate:
                return compressing(data)
            if MODE == "renegotiation":
                return forgetful(data)
        return data


class Relay(socketserver.ThreadingTCPServer):
    """Listens on both families, as Postfix does."""

    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def openssl(chain: Path) -> subprocess.Popen[bytes]:
    """Start a server that speaks TLS and nothing under it; it ends with us: its input does."""
    _, *others = chain.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    rest = HERE / "rest.pem"
    rest.write_text("".join(f"-----BEGIN CERTIFICATE-----{each}" for each in others))
    host, port = OPENSSL
    return subprocess.Popen(
        ["openssl", "s_server", "-quiet", "-accept", f"{host}:{port}", *BY_OPENSSL[MODE],
         "-cert", chain, "-key", chain, "-cert_chain", rest],
        stdin=subprocess.PIPE,
    )  # fmt: skip


def main() -> None:
    """Listen on port 25."""
    if MODE in BY_OPENSSL:
        openssl(Path(sys.argv[2]))
    Relay(("::", 25), Session).serve_forever()


if __name__ == "__main__":
    main()
