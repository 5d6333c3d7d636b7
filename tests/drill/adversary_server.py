"""SMTP servers and a web server that lie as they are told; runs on a lab host, by itself.

Reads what to show from `sides.json` beside it for each connection, so that the lies can change, and
writes each thing it was told by a client to `heard.jsonl`. Standard library only.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEARD = threading.Lock()
# TLS 1.0 is what one of the lies is about.
warnings.simplefilter("ignore", DeprecationWarning)


def sides() -> dict[str, dict[str, Any]]:
    """Return what each case shows now, by its name."""
    found: dict[str, dict[str, Any]] = json.loads((HERE / "sides.json").read_text())
    return found


def heard(**what: object) -> None:
    """Write down what a client said."""
    with HEARD, (HERE / "heard.jsonl").open("a") as out:
        out.write(json.dumps(what) + "\n")


def context(chain: str, only_tls_1_0: bool = False) -> ssl.SSLContext:
    """Return a server's TLS settings."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(HERE / chain)
    if only_tls_1_0:
        # OpenSSL speaks it at security level 0 alone.
        found.set_ciphers("ALL:@SECLEVEL=0")
        found.minimum_version = found.maximum_version = ssl.TLSVersion.TLSv1
    return found


class Smtp(socketserver.StreamRequestHandler):
    """One session; the address that was connected to says which case it is."""

    timeout = 30

    def handle(self) -> None:
        """Answer until the client leaves."""
        address = self.connection.getsockname()[0]
        name, side = next((n, s) for n, s in sides().items() if s["address"] == address)
        self.say("220 ready")
        # STARTTLS puts another file in its place.
        while line := self.rfile.readline():
            text = line.decode("latin-1").strip()
            verb = text.upper().partition(" ")[0]
            if verb == "STARTTLS":
                if not self.started(name, side):
                    return
            elif verb == "DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.note(name, "message")
                self.say("250 taken")
            elif verb in ("EHLO", "HELO"):
                clear = not isinstance(self.connection, ssl.SSLSocket)
                offered = clear and side["starttls"] != "stripped"
                self.say("250-hello\r\n250 STARTTLS" if offered else "250 hello")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.note(name, verb)
                self.say("250 well")

    def started(self, name: str, side: dict[str, Any]) -> bool:
        """Answer STARTTLS; return whether the session goes on."""
        if side["starttls"] == "refused":
            self.say("454 4.7.0 TLS not available")
            return True
        self.say("220 go on")
        settings = context(side["chain"], side["only_tls_1_0"])
        try:
            self.connection = settings.wrap_socket(self.connection, server_side=True)
        except OSError as error:
            heard(case=name, client=self.client_address[0], verb="no TLS", tls=str(error))
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        return True

    def note(self, name: str, verb: str) -> None:
        """Write down a command, and how it came."""
        secured = isinstance(self.connection, ssl.SSLSocket)
        version = self.connection.version() if secured else None
        heard(case=name, client=self.client_address[0], verb=verb, tls=version)

    def say(self, text: str) -> None:
        """Send one reply."""
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()


class Web(socketserver.StreamRequestHandler):
    """One request for a policy; the name in SNI says which case it is."""

    timeout = 30

    def handle(self) -> None:
        """Answer as the case has it."""
        asked: dict[str, Any] = {}

        def choose(link: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            known = sides().items()
            found = [(n, s) for n, s in known if s["web"] and s["web"]["name"] == name]
            if not found or found[0][1]["web"]["answer"] == "down":
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
            asked["case"], asked["side"] = found[0]
            link.context = context(found[0][1]["web"]["chain"])
            return None

        settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        settings.sni_callback = choose  # type: ignore[assignment]
        try:
            link = settings.wrap_socket(self.connection, server_side=True)
        except OSError:
            return
        with link, link.makefile("rb") as lines:
            line = lines.readline().decode("latin-1").strip()
            heard(case=asked["case"], client=self.client_address[0], verb="GET", tls=line)
            web = asked["side"]["web"]
            head = {
                "served": "200 OK",
                "missing": "404 Not Found",
                "redirected": "301 Moved Permanently\r\nLocation: https://client.test/policy",
                "untrusted": "200 OK",
            }[web["answer"]]
            body = web["policy"].encode()
            link.sendall(
                f"HTTP/1.1 {head}\r\nContent-Type: text/plain\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )


class Server(socketserver.ThreadingTCPServer):
    """Listens on one address."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    """Listen on every case's address, and for the web on the one that is given."""
    places = [((side["address"], 25), Smtp) for side in sides().values()]
    servers = [Server(place, handler) for place, handler in [*places, ((sys.argv[1], 443), Web)]]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    (HERE / "ready").touch()
    threading.Event().wait()


if __name__ == "__main__":
    main()
