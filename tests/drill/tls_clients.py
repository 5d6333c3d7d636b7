"""Clients that log in again and again: is there a certificate that they trust at every moment?"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

PAUSE = 0.1
"""Seconds between two looks."""


@contextmanager
def tls_clients(addresses: Mapping[str, str]) -> Iterator[list[str]]:
    """Look at IMAP and submission of hosts by name and address; what is wrong grows in the list."""
    wrong: list[str] = []
    done = Event()
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])

    def look() -> None:
        while not done.wait(PAUSE):
            for name, address in addresses.items():
                for port in (465, 993):
                    try:
                        with socket.create_connection((address, port)) as plain:
                            context.wrap_socket(plain, server_hostname=name).close()
                    except ssl.SSLError as error:
                        wrong.append(f"{name}:{port}: {error}")
                    except ConnectionError:
                        # A daemon that restarts takes no connection for a moment.
                        continue

    thread = Thread(target=look)
    thread.start()
    try:
        yield wrong
    finally:
        done.set()
        thread.join()
