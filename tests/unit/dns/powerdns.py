"""A real PowerDNS for tests: Debian's, as an ordinary process on loopback, with its web API on."""

from __future__ import annotations

import json
import secrets
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from name_servers import ZONE, free_port, program, running

_SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
# Without its caches (20 s and more), so that a change shows at once.
_CONFIG = """
launch=gsqlite3
gsqlite3-database={folder}/zones.sqlite3
gsqlite3-pragma-synchronous=0
local-address=127.0.0.1
local-port={dns}
socket-dir={folder}
api=yes
api-key={key}
webserver-address=127.0.0.1
webserver-port={api}
webserver-allow-from=127.0.0.1
cache-ttl=0
negquery-cache-ttl=0
query-cache-ttl=0
zone-cache-refresh-interval=0
receiver-threads=1
distributor-threads=1
"""


@dataclass(frozen=True)
class PowerDns:
    """Where a PowerDNS listens, and its key."""

    dns: int
    api: int
    key: str = field(repr=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask its API, as somebody else does."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api}/api/v1/servers/localhost/{path}",
            json.dumps(body).encode() if body is not None else None,
            {"X-API-Key": self.key, "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            text = answer.read()
        return json.loads(text) if text else None

    def make_zone(self, zone: str) -> None:
        """Make a zone, which Postwright never does."""
        servers = [f"ns1.{zone}."]
        body = {"name": f"{zone}.", "kind": "Native", "nameservers": servers}
        self.call("POST", "zones", body)

    def sets(self, zone: str = ZONE) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the record sets of a zone by name (absolute) and type."""
        found = self.call("GET", f"zones/{zone}.")["rrsets"]
        return {(each["name"], each["type"]): each for each in found}

    def put(self, name: str, kind: str, ttl: int, values: list[str], zone: str = ZONE) -> None:
        """Have a record set hold these values; none deletes it."""
        records = [{"content": value, "disabled": False} for value in values]
        change = "REPLACE" if values else "DELETE"
        body = {"name": f"{name}.", "type": kind, "ttl": ttl, "changetype": change}
        self.call("PATCH", f"zones/{zone}.", {"rrsets": [{**body, "records": records}]})


@contextmanager
def powerdns(folder: Path) -> Iterator[PowerDns]:
    """Yield a running PowerDNS that has the zone."""
    folder.mkdir(parents=True)
    server = PowerDns(free_port(), free_port(), secrets.token_hex(16))
    config = {"folder": folder, "dns": server.dns, "api": server.api, "key": server.key}
    (folder / "pdns.conf").write_text(_CONFIG.format(**config))
    with sqlite3.connect(folder / "zones.sqlite3") as database:
        database.executescript(_SCHEMA.read_text())
    database.close()
    command = [program("pdns_server"), f"--config-dir={folder}", "--daemon=no", "--guardian=no"]
    with running(command, folder, lambda: server.call("GET", "zones") == []):
        server.make_zone(ZONE)
        yield server
