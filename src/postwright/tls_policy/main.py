"""The daemon that Postfix asks, and the command that asks it as Postfix does (role tls_policy)."""

from __future__ import annotations

import argparse
import os
import socket
import socketserver
import sys
import threading
import time
from functools import partial
from pathlib import Path

from . import fetch, netstring
from .lookup import ascii_name, ask, resolver
from .policies import Policies
from .service import Service, judge
from .store import Store

SOCKET = Path("/run/postwright-tls-policy/socket")
# How often policies are looked at that may be due, in seconds.
_ROUND = 3600


class Handler(socketserver.StreamRequestHandler):
    """One connection of one smtp(8) process; it asks again on it for as long as it lives."""

    def handle(self) -> None:
        """Answer each request; hang up on what is none, as Postfix then defers."""
        assert isinstance(self.server, Server)
        try:
            while (request := netstring.read(self.rfile)) is not None:
                self.wfile.write(netstring.packed(self.server.service.answer(request)))
        except netstring.NotANetstringError as error:
            say(str(error))
        except ConnectionError:
            return


class Server(socketserver.ThreadingUnixStreamServer):
    """A thread for each connection, so that one slow domain keeps nobody waiting for another."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, service: Service) -> None:
        self.service = service
        path.unlink(missing_ok=True)
        super().__init__(str(path), Handler)
        # Any user may connect: what is answered is what anybody may learn from DNS and HTTPS.
        path.chmod(0o666)


def say(line: str) -> None:
    """Write a line to the journal."""
    print(line, flush=True)


def serve(state: Path, reports: bool) -> None:
    """Answer Postfix until the end."""
    question = partial(ask, resolver())
    policies = Policies(question, fetch.fetch, Store(state / "policies.sqlite"))
    service = Service(partial(judge, ask=question, policies=policies, reports=reports), say)
    with Server(SOCKET, service) as server:
        _tell_systemd("READY=1")
        threading.Thread(target=_keep_fresh, args=(policies,), daemon=True).start()
        server.serve_forever()


def _keep_fresh(policies: Policies) -> None:
    while True:
        policies.refresh()
        time.sleep(_ROUND)


def _tell_systemd(state: str) -> None:
    """Send a state as sd_notify(3) does."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
            link.sendall(state.encode())


def query(domain: str) -> int:
    """Print what the daemon would have Postfix do for a domain, and why; return the exit status."""
    if ascii_name(domain) is None:
        print(f"{domain} is no domain", file=sys.stderr)
        return os.EX_USAGE
    try:
        with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as answers:
            link.connect(str(SOCKET))
            link.sendall(netstring.packed(f"explain {domain}"))
            answer = netstring.read(answers, longest=100_000)
    except OSError as error:
        print(f"{SOCKET}: {error.strerror}: no mail leaves until the daemon runs; "
              "see `systemctl status postwright-tls-policy`", file=sys.stderr)  # fmt: skip
        return os.EX_UNAVAILABLE
    print((answer or "").removeprefix("OK "))
    return 0


def main() -> int:
    """Run the daemon or the command."""
    parser = argparse.ArgumentParser(
        prog="postwright-tls-policy",
        description="Says which TLS Postfix insists on for a domain, and why.",
    )
    parser.add_argument("domain", nargs="?", help="the domain of a recipient")
    parser.add_argument("--serve", type=Path, metavar="STATE", help=argparse.SUPPRESS)
    parser.add_argument("--reports", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.reports)
    elif options.domain:
        return query(options.domain)
    else:
        parser.error("which domain?")
    return 0
