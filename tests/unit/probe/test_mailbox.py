"""Sessions of the probe's with mailboxes."""

from __future__ import annotations

import imaplib
import socket
from threading import Thread

import pytest

from postwright.probe.mailbox import Imap
from postwright.probe.wire import Target


def test_a_connection_is_closed_though_the_server_hangs_up_instead_of_saying_goodbye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(Imap, "_create_socket", lambda *_: ours)

    def serve() -> None:
        with theirs, theirs.makefile("rwb") as lines:
            for answer in (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\n%s OK done\r\n"):
                tag = lines.readline().split()[0] if b"%s" in answer else b""
                lines.write(answer.replace(b"%s", tag))
                lines.flush()
            lines.readline()

    server = Thread(target=serve)
    server.start()
    with (
        pytest.raises(imaplib.IMAP4.abort, match="LOGOUT"),
        Imap(Target("mx1.alpha.test", "127.0.0.1", "IPv4"), 993),
    ):
        pass
    server.join()
    assert ours.fileno() == -1
