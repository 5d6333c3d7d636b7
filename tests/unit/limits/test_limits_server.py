"""What Postfix asks and is answered, and what the postmaster is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from postwright.limits.actions import alert
from postwright.limits.ledger import Frozen, Ledger, Limits
from postwright.limits.queue import Queued, marked, unfinished
from postwright.limits.server import Server, Settings, offer, request, settings

KNOWN = Settings("mx1.example.org", Limits(60, 300, 2, 2000), {})
ASKED = """request=smtpd_access_policy
sasl_username=Taro@example.org
recipient_count=3
queue_id=8045F2AB23
client_name=client.test
client_address=198.18.0.9
helo_name=client
sender=taro@example.org

"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A daemon on a socket of its own."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with Server(tmp_path / "socket", ledger, KNOWN, tmp_path / "untold") as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def asked(tmp_path: Path, text: str, times: int = 1) -> list[str]:
    """Ask over one connection; return the answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "socket"))
        replies = connection.makefile()
        found = []
        for _ in range(times):
            connection.sendall(text.encode())
            found.append(replies.readline().strip())
            assert replies.readline() == "\n"
    return found


def test_over_the_day_the_account_is_frozen_and_that_is_announced(
    server: Server, tmp_path: Path
) -> None:
    assert asked(tmp_path, ASKED, 2) == ["action=DUNNO"] * 2
    assert not server.frozen.exists()
    said = asked(tmp_path, ASKED, 2)
    assert all(each.startswith("action=550 5.7.1") for each in said)
    assert server.frozen.exists()
    assert [each.login for each in server.ledger.frozen()] == ["taro@example.org"]


def test_mail_without_a_login_is_not_counted(server: Server, tmp_path: Path) -> None:
    text = ASKED.replace("sasl_username=Taro@example.org", "sasl_username=")
    assert asked(tmp_path, text, 5) == ["action=DUNNO"] * 5


def test_a_request_says_what_is_offered() -> None:
    found = offer(request(iter(ASKED.encode().splitlines(keepends=True))) or {})
    assert (found.login, found.recipients, found.queue_id) == ("taro@example.org", 3, "8045F2AB23")
    assert found.origin == "from client.test [198.18.0.9], HELO client, sender taro@example.org"


def test_a_request_ends_at_the_empty_line() -> None:
    lines = iter([b"sasl_username=a=b\n", b"recipient_count=2\n", b"\n", b"x=y\n"])
    assert request(lines) == {"sasl_username": "a=b", "recipient_count": "2"}
    assert request(iter([b"cut=short\n"])) is None


def test_an_account_has_limits_of_its_own() -> None:
    some = '{"messages_per_minute": 1, "recipients_per_minute": 2, "messages_per_day": 3,'
    known = settings(
        f'{{"hostname": "mx", "limits": {some} "recipients_per_day": 4}},'
        f' "accounts": {{"a@b": {some} "recipients_per_day": 9}}}}}}'
    )
    assert known.of("a@b") == Limits(1, 2, 3, 9)
    assert known.of("c@d") == Limits(1, 2, 3, 4)


def test_the_alert_says_what_is_held_and_what_to_do() -> None:
    why = "501 messages to 501 recipients within a day"
    last = "from client.test [198.18.0.9], HELO x, sender taro@example.org"
    account = Frozen("taro@example.org", 0.0, why, last, told=False)
    held = [Queued(f"ID{n}", "hold", "taro@example.org", ["a@b.test"], 321) for n in range(23)]
    text = alert("mx1.example.org", account, held).get_content()
    assert "23 messages of it were still in the queue" in text
    assert "ID0  taro@example.org -> a@b.test  321 bytes" in text
    assert "and 3 more" in text
    assert "postwright release taro@example.org -i INVENTORY --delete-held" in text
    assert "postwright-limits freeze" in text


POSTCAT = """*** ENVELOPE RECORDS active/AAA ***
named_attribute: sasl_username=Taro@Example.org
sender: taro@example.org
*** ENVELOPE RECORDS hold/BBB ***
named_attribute: sasl_username=taro@example.org.test
sender: x named_attribute: sasl_username=taro@example.org
*** ENVELOPE RECORDS deferred/CCC ***
sender: taro@example.org
"""


def test_a_message_is_an_accounts_by_its_login_alone() -> None:
    assert marked("taro@example.org", POSTCAT) == {"AAA"}


def test_a_message_is_finished_when_cleanup_says_so(tmp_path: Path) -> None:
    file = tmp_path / "AAA"
    assert not unfinished(file)
    file.touch(mode=0o600)
    assert unfinished(file)
    file.chmod(0o700)
    assert not unfinished(file)
