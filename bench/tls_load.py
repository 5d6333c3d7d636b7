"""TLS handshakes as fast as a server takes them; runs on the lab's client and prints JSON.

Standard library alone. Which groups are offered is OpenSSL's configuration (OPENSSL_CONF): Python's
module ssl has no words for it.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from multiprocessing import Pool
from typing import TypedDict

PROCESSES = 6
PATIENCE = 20
SMTP = (25, 10025, 20025)


class Counted(TypedDict):
    """What one process, or all of them, did."""

    made: int
    resumed: int
    failed: int
    why: str


def connected(address: str, port: int) -> socket.socket:
    """Return a connection on which a ClientHello may be sent; on SMTP's ports after STARTTLS."""
    link = socket.create_connection((address, port), PATIENCE)
    # Or a command waits for the acknowledgement of the handshake's end (RFC 896).
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if port in SMTP:
        for line in (b"", b"EHLO client.test\r\n", b"STARTTLS\r\n"):
            link.sendall(line)
            _reply(link)
    return link


def _reply(link: socket.socket) -> None:
    """Read an answer to its last line (RFC 5321 4.2)."""
    data = b""
    while not data.endswith(b"\r\n") or data.splitlines()[-1][3:4] == b"-":
        more = link.recv(4096)
        if not more or data[:1] in {b"4", b"5"}:
            raise OSError(f"refused: {data!r}")
        data += more


def load(address: str, port: int, seconds: float, resume: bool) -> Counted:
    """Connect, shake hands and hang up, again and again.

    Where a session is to be resumed, the greeting or an answer is read, since TLS 1.3 sends
    tickets after the handshake (RFC 8446 4.6.1).
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    done: Counted = {"made": 0, "resumed": 0, "failed": 0, "why": ""}
    session, end = None, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with context.wrap_socket(connected(address, port), session=session) as link:
                done["made"] += 1
                done["resumed"] += bool(link.session_reused)
                if resume:
                    if port in SMTP:
                        link.sendall(b"NOOP\r\n")
                    link.recv(4096)
                    session = link.session
        except OSError as error:
            done["failed"] += 1
            done["why"] = str(error)
    return done


def main(address: str, port: str, seconds: str, resume: str) -> None:
    """Load a port from several processes at once."""
    words = (address, int(port), float(seconds), resume == "resume")
    start = time.monotonic()
    with Pool(PROCESSES) as pool:
        found = pool.starmap(load, [words] * PROCESSES)
    whole = {key: sum(each[key] for each in found) for key in ("made", "resumed", "failed")}
    why = next((each["why"] for each in found if each["why"]), "")
    json.dump(whole | {"why": why, "seconds": time.monotonic() - start}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
