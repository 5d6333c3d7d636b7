"""A local server that speaks as much of Hetzner Cloud's API as naming addresses needs.

Made by docs.hetzner.cloud (read 2026-11-25): bearer tokens, some of which only read; pages of at
most 50; 3,600 requests an hour, told in headers; names checked; and changes that are actions, done
some time after they were taken. It was not compared with the real service.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN, READ_ONLY = "hetzner-token-of-the-test", "hetzner-token-that-reads"
LIMIT = 3600
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}\Z")
_PATH = re.compile(r"/v1/(primary_ips|floating_ips|actions)(?:/(\d+))?(/actions/change_dns_ptr)?")


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Resource:
    """A primary or floating IP: one IPv4 address, or 64 bits of IPv6."""

    id: int
    ip: str
    names: dict[str, str] = field(default_factory=dict)

    def name(self, address: str, name: str | None) -> None:
        """Give an address a name, or what it had at first."""
        if name is None and ":" not in address:
            name = f"static.{'.'.join(reversed(address.split('.')))}.clients.your-server.de"
        if name is None:
            self.names.pop(address, None)
        else:
            self.names[address] = name

    def data(self, kind: str) -> dict[str, Any]:
        """Return it as the API shows it."""
        said = [{"ip": ip, "dns_ptr": name} for ip, name in self.names.items()]
        version = "ipv6" if ":" in self.ip else "ipv4"
        more = {"assignee_type": "server"} if kind == "primary_ips" else {"description": "x"}
        return {
            "id": self.id, "ip": self.ip, "type": version, "dns_ptr": said, "blocked": False,
            "name": f"ip-{self.id}", "labels": {}, "protection": {"delete": False},
            "created": "2026-11-25T00:00:00+00:00", **more,
        }  # fmt: skip


class HetznerServer:
    """The project of one token. `fail` says what becomes of the next actions."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[int, Resource]] = {"primary_ips": {}, "floating_ips": {}}
        self.actions: dict[int, dict[str, Any]] = {}
        self.polls = 2
        self.remaining = LIMIT
        self.refill = True
        self.fail: str | None = None
        self.log: list[tuple[str, str]] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> HetznerServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def add(self, ip: str, kind: str = "primary_ips") -> Resource:
        """Have an address, named as a new one is."""
        made = Resource(sum(map(len, self.resources.values())) + 1, ip)
        self.resources[kind][made.id] = made
        if ":" not in ip:
            made.name(ip, None)
        return made

    def answer(self, method: str, target: str, token: str, body: Any) -> dict[str, Any]:
        """Return what a request gets."""
        parts = urlsplit(target)
        self.log.append((method, parts.path))
        if token not in {f"Bearer {TOKEN}", f"Bearer {READ_ONLY}"}:
            raise Refusal(401, "unauthorized", "the token you provided is invalid")
        if self.remaining <= 0:
            self.remaining = 1 if self.refill else 0
            raise Refusal(429, "rate_limit_exceeded", "limit of 3600 requests per hour reached")
        self.remaining -= 1
        if not (found := _PATH.fullmatch(parts.path)):
            raise Refusal(404, "not_found", "no such path")
        kind, identifier, rename = found.groups()
        if rename and token == f"Bearer {READ_ONLY}":
            raise Refusal(403, "token_readonly", "token is only allowed to perform GET requests")
        if kind == "actions":
            return {"action": self._polled(int(identifier))}
        if identifier is None:
            return self._page(kind, parse_qs(parts.query))
        resource = self.resources[kind].get(int(identifier))
        if resource is None:
            raise Refusal(404, "not_found", f"{kind} not found")
        if rename and method == "POST":
            return {"action": self._rename(resource, body)}
        return {kind.removesuffix("s"): resource.data(kind)}

    def _page(self, kind: str, query: dict[str, list[str]]) -> dict[str, Any]:
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["25"])[0])
        if not 1 <= size <= 50:
            raise Refusal(422, "invalid_input", "invalid input in field 'per_page'")
        every = list(self.resources[kind].values())
        last = max(1, -(-len(every) // size))
        shown = [each.data(kind) for each in every[(page - 1) * size : page * size]]
        following = page + 1 if page < last else None
        pages = {
            "page": page, "per_page": size, "previous_page": page - 1 or None,
            "next_page": following, "last_page": last, "total_entries": len(every),
        }  # fmt: skip
        return {kind: shown, "meta": {"pagination": pages}}

    def _rename(self, resource: Resource, body: Any) -> dict[str, Any]:
        address, name = body.get("ip"), body.get("dns_ptr")
        if not address or ip_address(address) not in ip_network(resource.ip, strict=False):
            raise Refusal(422, "invalid_input", "invalid input in field 'ip'")
        if "dns_ptr" not in body or (name is not None and not _NAME.fullmatch(name)):
            raise Refusal(422, "invalid_input", "invalid input in field 'dns_ptr'")
        action = {
            "id": len(self.actions) + 1, "command": "change_dns_ptr", "status": "running",
            "progress": 0, "started": "2026-11-25T00:00:00+00:00", "finished": None,
            "resources": [], "error": None,
        }  # fmt: skip
        self.actions[len(self.actions) + 1] = {
            "shown": action, "left": self.polls, "do": lambda: resource.name(address, name)
        }  # fmt: skip
        return action

    def _polled(self, identifier: int) -> dict[str, Any]:
        action = self.actions[identifier]
        action["left"] -= 1
        if action["left"] == 0 and self.fail:
            error = {"code": "action_failed", "message": self.fail}
            action["shown"] |= {"status": "error", "error": error}
        elif action["left"] == 0:
            action["do"]()
            action["shown"] |= {"status": "success", "progress": 100}
        return dict(action["shown"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: HetznerServer

    def do_GET(self) -> None:
        self._do(None)

    def do_POST(self) -> None:
        self._do(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests read `log`."""

    def _do(self, body: Any) -> None:
        token = self.headers.get("Authorization", "")
        try:
            status, said = 200, self.owner.answer(self.command, self.path, token, body)
        except Refusal as error:
            status, said = error.status, {"error": {"code": error.code, "message": str(error)}}
        text = json.dumps(said).encode()
        self.send_response(status)
        headers = {
            "Content-Type": "application/json", "Content-Length": len(text),
            "RateLimit-Limit": LIMIT, "RateLimit-Remaining": max(0, self.owner.remaining),
            "RateLimit-Reset": 1,
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text)
