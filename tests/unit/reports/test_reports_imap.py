"""Reports in a mailbox are read over IMAP, and nothing in it changes."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from datetime import date
from typing import Any, Self

import pytest
from report_samples import DMARC_MAIL, LETTER, TLS_MAIL
from typer.testing import CliRunner, Result

from postwright.cli import app
from postwright.reports import imap, sources
from postwright.reports.errors import ReportError

PASSWORD = "correct horse 馬"  # noqa: S105
WORDS = ("reports", "--imap", "mx1.test", "--login", "dmarc@alpha.test")


class Server:
    """What imaplib shows of a server; it knows only commands that change nothing."""

    said: list[tuple[object, ...]]
    messages: dict[str, bytes]

    def __init__(self) -> None:
        self.said = []
        self.messages = {"7": DMARC_MAIL, "9": TLS_MAIL, "12": LETTER}

    def __call__(self, host: str, port: int, **options: Any) -> Self:
        assert options["ssl_context"].check_hostname
        self.said.append((host, port))
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.said.append(("closed",))

    def authenticate(self, mechanism: str, answer: Any) -> None:
        if answer(b"") != b"\0dmarc@alpha.test\0" + PASSWORD.encode():
            raise imaplib.IMAP4.error("[AUTHENTICATIONFAILED] Authentication failed.")

    def select(self, folder: str, readonly: bool) -> tuple[str, list[bytes | None]]:
        self.said.append((folder, readonly))
        return ("OK", [b"3"]) if folder == '"INBOX"' else ("NO", [b"Mailbox doesn't exist"])

    def uid(self, command: str, *words: str) -> tuple[str, list[Any]]:
        self.said.append((command, *words))
        if command == "SEARCH":
            return "OK", [" ".join([*self.messages, "13"]).encode()]
        uid, _ = words
        # The flags of another message, and one that went meanwhile (RFC 9051 7.5.2).
        found = [(b"1 (BODY[]<0> {9}", self.messages[uid]), b")"] if uid in self.messages else []
        return "OK", [b"2 (UID 4 FLAGS (\\Seen))", *found, None]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    monkeypatch.setattr(imaplib, "IMAP4_SSL", made)
    monkeypatch.delenv("ANSIBLE_INVENTORY", raising=False)
    return made


def run(*words: str, password: str = PASSWORD, answer: str | None = None) -> Result:
    env = {"POSTWRIGHT_PASSWORD": password, "COLUMNS": "160"}
    done = CliRunner(env=env).invoke(app, [*WORDS, *words], input=answer)
    assert "correct horse" not in done.output + str(done.exception)
    return done


def test_a_mailbox_is_summed_up(server: Server) -> None:
    done = run()
    assert done.exit_code == 2, done.output
    assert "2 reports (1 other messages): failures are reported" in done.output


def test_the_folder_is_read_only_and_nothing_becomes_seen(server: Server) -> None:
    run("--since", "2025-11-03")
    assert server.said[:3] == [
        ("mx1.test", 993), ('"INBOX"', True), ("SEARCH", "SINCE", "3-Nov-2025"),
    ]  # fmt: skip
    fetched = [words[2] for words in server.said if words[0] == "FETCH"]
    assert fetched == ["(BODY.PEEK[]<0.67108865>)"] * 4
    assert server.said[-1] == ("closed",)


def test_the_password_is_asked_for_and_not_shown(server: Server) -> None:
    done = run(password="", answer=f"{PASSWORD}\n")
    assert done.exit_code == 2, done.output
    assert "Password of dmarc@alpha.test" in done.stderr


def test_a_refused_login_is_named(server: Server) -> None:
    done = run(password="wrong")  # noqa: S106
    assert done.exit_code == 1
    assert "mx1.test refuses the login of dmarc@alpha.test" in done.stderr


def test_a_folder_that_is_not_there_is_named(server: Server) -> None:
    done = run("--folder", 'No "such"')
    assert done.exit_code == 1
    assert "Mailbox doesn't exist" in done.stderr
    assert ('"No \\"such\\""', True) in server.said


def test_a_message_that_is_too_large_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "MAX_INPUT", len(DMARC_MAIL) - 1)
    box = imap.Mailbox("mx1.test", "dmarc@alpha.test", "INBOX")
    first, *others = imap.items(box, PASSWORD, date(2025, 11, 3))
    assert isinstance(first, ReportError)
    assert "message 7 in INBOX of dmarc@alpha.test" in first.what
    assert [type(each) for each in others] == [sources.Item] * 2


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIBLE_INVENTORY", raising=False)
    monkeypatch.setattr(imap, "PORT", 9)
    env = {"POSTWRIGHT_PASSWORD": PASSWORD}
    done = CliRunner(env=env).invoke(
        app, ["reports", "--imap", "127.0.0.1", "--login", "taro@alpha.test"]
    )
    assert done.exit_code == 1
    assert "INBOX of taro@alpha.test at 127.0.0.1 cannot be read" in done.stderr
