"""The server: HTTP on loopback, tokens, limits, and faults where a test asks for them."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from .answers import Refused, found, page
from .clock import RequestLimit, VirtualClock
from .faults import Fault
from .world import Token, World, Zone

PREFIX = "/client/v4"
MOST_RECORDS = 5_000_000
_PAGE = b"<html><body>502 Bad Gateway</body></html>"
_TOO_MANY = Refused(429, 971, "Please wait and consider throttling your request speed")
_ERROR = Refused(500, 10001, "Internal error")


class Answer(NamedTuple):
    """What becomes of a request: the fault that meets its answer, and the answer."""

    fault: Fault | None
    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Request:
    """A request as it came in; `number` counts from 1 since `forget`."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    body: Any


class CloudflareServer:
    """A server on a free port of loopback, for as long as its `with` block lasts.

    `faults` says which request fails how. `before` is called ahead of each request, for whatever
    somebody else does meanwhile. `most_records` is how many records a page holds at most, whatever
    was asked. `slow` is how long, in seconds, an answer that comes too late takes.
    """

    def __init__(self, clock: VirtualClock | None = None, slow: float = 1.0) -> None:
        self.world, self.clock, self.slow = World(), clock, slow
        self.faults: dict[int, Fault] = {}
        self.before: Callable[[Request], None] = lambda _: None
        self.most_records = MOST_RECORDS
        self.log: list[tuple[str, str]] = []
        self._limit = RequestLimit()
        self._lock = threading.RLock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """What `api_url` has to be."""
        return f"http://127.0.0.1:{self._http.server_address[1]}{PREFIX}"

    def forget(self) -> None:
        """Start to count requests anew, with no fault ahead."""
        self.log.clear()
        self.faults = {}

    def __enter__(self) -> CloudflareServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, bearer: str, body: Any) -> Answer:
        """Return what becomes of a request."""
        parts = urlsplit(target)
        with self._lock:
            self.log.append((method, parts.path.removeprefix(PREFIX)))
            number = len(self.log)
            fault = self.faults.get(number)
            path, query = parts.path.removeprefix(PREFIX), dict(parse_qsl(parts.query))
            self.before(Request(number, method, path, query, body))
            now = self.clock.now() if self.clock else time.monotonic()
            wait = 2 if fault is Fault.TOO_MANY else self._limit.refusal(bearer, now)
            if wait is not None:
                return _refusal(_TOO_MANY, None, {"Retry-After": str(math.ceil(wait))})
            if fault is Fault.NO_JSON:
                return Answer(fault, 502, _PAGE)
            if fault and not fault.acts:
                return _refusal(_ERROR, fault)
            try:
                made = self._route(method, path, query, bearer, body)
            except Refused as refused:
                return _refusal(refused, fault)
            if fault is Fault.ERROR_AFTER:
                return _refusal(_ERROR, fault)
            return Answer(fault, 200, json.dumps(made).encode())

    def _route(
        self, method: str, path: str, query: Mapping[str, str], bearer: str, body: Any
    ) -> dict[str, Any]:
        token = self.world.tokens.get(bearer)
        match [method, *path.strip("/").split("/")]:
            case ["GET", "user", "tokens", "verify"]:
                if token is None:
                    raise Refused(401, 1000, "Invalid API Token")
                return found({"id": "0" * 32, "status": "active"})
            case ["GET", "zones"]:
                return self._zones(token, query)
            case ["GET", "zones", identifier, "dns_records"]:
                zone = self._zone(token, identifier)
                most = min(self.most_records, int(query.get("per_page", 100)))
                page(["check"], query, 1, MOST_RECORDS, 100)
                return _records(zone, {**query, "per_page": str(most)})  # type: ignore[no-any-return]
            case ["POST", "zones", identifier, "dns_records", "batch"]:
                return found(self.world.batch(self._changed_zone(token, identifier), body))
            case ["POST", "zones", identifier, "dns_records"]:
                zone = self._changed_zone(token, identifier)
                return found(self.world.batch(zone, {"posts": [body]})["posts"][0])
        raise Refused(404, 7003, f"Could not route to {path}")

    def _zones(self, token: Token | None, query: Mapping[str, str]) -> dict[str, Any]:
        if token is None:
            raise Refused(403, 9109, "Invalid access token")
        shown = [
            zone.shown()
            for zone in self.world.zones.values()
            if token.sees(zone.name) and query.get("name", zone.name) == zone.name
        ]
        return page(shown, query, 5, 50, 20)  # type: ignore[no-any-return]

    def _zone(self, token: Token | None, identifier: str) -> Zone:
        if token is None:
            raise Refused(400, 9106, "Authentication failed")
        zone = self.world.zones.get(identifier)
        if zone is None:
            raise Refused(404, 7003, "Could not route to zone, perhaps your identifier is invalid?")
        if not token.sees(zone.name):
            raise Refused(403, 9109, "Unauthorized to access requested resource")
        return zone

    def _changed_zone(self, token: Token | None, identifier: str) -> Zone:
        zone = self._zone(token, identifier)
        if token is None or not token.write:
            raise Refused(403, 10000, "Authentication error")
        return zone

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._serve(None)

            def do_POST(self) -> None:
                self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _serve(self, body: Any) -> None:
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                fault, status, content, headers = outer.answer(
                    self.command, self.path, bearer, body
                )
                if fault is Fault.SLOW_AFTER:
                    time.sleep(outer.slow)
                if fault in {Fault.CUT, Fault.CUT_AFTER, Fault.SLOW_AFTER}:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing: `log` has it."""

        return Handler


def _records(zone: Zone, query: Mapping[str, str]) -> Any:
    records = sorted(
        (
            record
            for record in zone.records.values()
            if query.get("name", record["name"]) == record["name"]
            and query.get("type", record["type"]) == record["type"]
        ),
        key=lambda record: (record["name"], record["type"], record["id"]),
    )
    return page(records, query, 1, MOST_RECORDS, 100)


def _refusal(
    refused: Refused, fault: Fault | None, headers: Mapping[str, str] = MappingProxyType({})
) -> Answer:
    return Answer(fault, refused.status, json.dumps(refused.body()).encode(), headers)
