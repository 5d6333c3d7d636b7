"""A TCP proxy before a name server that loses what a test asks it to lose."""

from __future__ import annotations

import socket
import threading
from enum import StrEnum
from types import TracebackType


class Loss(StrEnum):
    """What becomes of one connection; "after" says that the server had already acted."""

    CUT = "cut before the server got the request"
    CUT_AFTER = "cut after the server acted"
    HALF_AFTER = "cut within the answer"
    SILENT_AFTER = "no answer in time, though the server acted"


class FaultyProxy:
    """Forwards a connection's one request and its answer, unless `losses` says otherwise.

    `losses` is by the number of the connection, from 1.
    """

    def __init__(self, port: int) -> None:
        self.losses: dict[int, Loss] = {}
        self.connections = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> FaultyProxy:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(
                target=self._serve, args=(client, self.losses.get(self.connections)), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, loss: Loss | None) -> None:
        with client:
            if loss is Loss.CUT:
                return
            with socket.create_connection(("127.0.0.1", self._target), timeout=5) as server:
                server.sendall(_message(client))
                answer = _message(server)
            if loss is Loss.HALF_AFTER:
                client.sendall(answer[: len(answer) // 2])
            if loss is Loss.SILENT_AFTER:
                self._over.wait(10)
            if loss is None:
                client.sendall(answer)


def _message(stream: socket.socket) -> bytes:
    """Return one message with its two bytes of length (RFC 1035 4.2.2)."""
    found = b""
    while len(found) < 2 or len(found) < 2 + int.from_bytes(found[:2], "big"):
        more = stream.recv(65536)
        if not more:
            break
        found += more
    return found
