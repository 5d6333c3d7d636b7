"""How long the look-ups for a domain take, asked as Postfix asks; runs on a mail host, prints JSON.

Standard library alone. Cold: neither Unbound nor the policies' store knows a thing.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time

SOCKET = "/run/postwright-tls-policy/socket"
STORE = "/var/lib/private/postwright-tls-policy/policies.sqlite"


def ask(link: socket.socket, domain: str) -> tuple[float, str]:
    """Return the milliseconds until the answer, and the answer (socketmap_table(5))."""
    words = f"policy {domain}".encode()
    start = time.perf_counter()
    link.sendall(b"%d:%b," % (len(words), words))
    data = b""
    while not data.endswith(b",") or len(data) < int(data.partition(b":")[0]):
        if not (more := link.recv(65536)):
            raise OSError(f"{SOCKET}: hung up")
        data += more
    spent = (time.perf_counter() - start) * 1000
    return spent, data.partition(b":")[2].decode().removesuffix(",")


def forget() -> None:
    """Have the next look be the first."""
    subprocess.run(["unbound-control", "-q", "flush_zone", "."], check=True)
    database = sqlite3.connect(STORE)
    with database:
        database.execute("DELETE FROM policies")
    database.close()


def main(domain: str, cold: str, warm: str) -> None:
    """Ask so often after forgetting, and so often without."""
    found: dict[str, list[float]] = {"cold": [], "warm": []}
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(SOCKET)
        for _ in range(int(cold)):
            forget()
            spent, answer = ask(link, domain)
            found["cold"].append(spent)
        for _ in range(int(warm)):
            spent, answer = ask(link, domain)
            found["warm"].append(spent)
    json.dump(found | {"answer": answer}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
