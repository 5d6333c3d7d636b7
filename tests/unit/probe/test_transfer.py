"""What the probe says of a port 25 that it could not look into."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator

import pytest

from postwright.probe import transfer
from postwright.probe.wire import Target


class Busy(socketserver.StreamRequestHandler):
    """A server that has no time for TLS just now."""

    def handle(self) -> None:
        """Greet, and hang up instead of STARTTLS."""
        self.wfile.write(b"220 mx.test ESMTP\r\n")
        self.rfile.readline()
        self.wfile.write(b"250-mx.test\r\n250 STARTTLS\r\n")
        self.rfile.readline()
        self.wfile.write(b"421 4.7.0 mx.test Error: too many connections\r\n")


@pytest.fixture
def busy() -> Iterator[int]:
    """The port of such a server."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


# Python warns of versions that the probe has to offer.
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("look", [transfer._oldest_tls, transfer._verified_tls])
def test_where_there_is_no_tls_the_servers_own_words_are_told(
    look: Callable[[Target, int], tuple[bool, str]], busy: int
) -> None:
    told = look(Target("mx.test", "127.0.0.1", "IPv4"), busy)
    assert told == (False, "no session under TLS: 421 4.7.0 mx.test Error: too many connections")
