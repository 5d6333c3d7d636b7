"""IMAP as fast as a server answers, or many sessions at once; runs on the lab's client.

Standard library alone. Every account has the same password. It prints JSON.
"""

from __future__ import annotations

import json
import resource
import socket
import ssl
import sys
import time
from contextlib import closing
from itertools import cycle
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool
from threading import Event

PROCESSES = 6
PATIENCE = 20


class Session:
    """One connection, logged in; RFC 9051 to the letter that a bench needs."""

    def __init__(self, address: str, port: int, login: str, password: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = socket.create_connection((address, port), PATIENCE)
        # Or a command waits for the acknowledgement of the one before (RFC 896).
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link = context.wrap_socket(link)
        self.lines = self.link.makefile("rb")
        self.lines.readline()
        self.ask(f'LOGIN "{login}" "{password}"')

    def ask(self, command: str) -> int:
        """Send a command, read to its end, and return how many octets came."""
        self.link.sendall(f"a {command}\r\n".encode())
        size = 0
        for line in self.lines:
            size += len(line)
            if line.startswith(b"a "):
                if not line.startswith(b"a OK"):
                    raise OSError(f"{command.split(maxsplit=1)[0]}: {line!r}")
                return size
        raise OSError(f"{command.split(maxsplit=1)[0]}: the server hung up")

    def close(self) -> None:
        """Hang up."""
        self.lines.close()
        self.link.close()


def logins(address: str, port: int, names: list[str], password: str, seconds: float) -> int:
    """Log in and out, again and again; return how often."""
    made, end = 0, time.monotonic() + seconds
    for name in cycle(names):
        if time.monotonic() >= end:
            break
        with closing(Session(address, port, name, password)) as one:
            one.ask("LOGOUT")
        made += 1
    return made


def fetches(address: str, port: int, names: list[str], password: str, seconds: float) -> int:
    """Fetch one whole message after the other; return how many."""
    made = 0
    with closing(Session(address, port, names[0], password)) as one:
        one.ask("SELECT INBOX")
        end = time.monotonic() + seconds
        # Each mailbox got more than that in the rounds of deliveries.
        for number in cycle(range(1, 31)):
            if time.monotonic() >= end:
                break
            one.ask(f"FETCH {number} BODY.PEEK[]")
            made += 1
    return made


def hold(address: str, port: int, names: list[str], password: str, sessions: int) -> None:
    """Hold many sessions that wait for new mail (RFC 2177), until standard input ends.

    With the first that is not let in, a server is full.
    """
    full = Event()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    def waiting(number: int) -> Session | None:
        if full.is_set():
            return None
        try:
            one = Session(address, port, names[number % len(names)], password)
            one.ask("SELECT INBOX")
            one.link.sendall(b"a IDLE\r\n")
            one.lines.readline()
        except OSError:
            full.set()
            return None
        return one

    start = time.monotonic()
    with ThreadPool(PROCESSES) as pool:
        held = [one for one in pool.map(waiting, range(sessions), chunksize=1) if one]
    print(json.dumps({"made": len(held), "seconds": time.monotonic() - start}), flush=True)
    sys.stdin.read()


def main(kind: str, address: str, port: str, amount: str, password: str, *names: str) -> None:
    """Load a port from several processes at once, or hold sessions."""
    if kind == "hold":
        hold(address, int(port), list(names), password, int(amount))
        return
    work = {"logins": logins, "fetches": fetches}[kind]
    # Each process begins with another account.
    shares = [[*names[n:], *names[:n]] for n in range(PROCESSES)]
    start = time.monotonic()
    with Pool(PROCESSES) as pool:
        words = [(address, int(port), share, password, float(amount)) for share in shares]
        made = sum(pool.starmap(work, words))
    print(json.dumps({"made": made, "seconds": time.monotonic() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
