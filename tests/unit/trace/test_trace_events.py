"""What lines of Postfix 3.7 and 3.10, Rspamd 3.4 and 3.12, and Dovecot 2.3 and 2.4 say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from postwright.trace.cli import nothing
from postwright.trace.events import Line, event, timeline
from postwright.trace.gather import Answer

MODULE = Path(__file__).parents[3] / "plugins" / "modules" / "trace.py"
RSPAMD = (
    "<b6ee6d>; proxy; rspamd_task_write_log: id: <375d9752@test>, qid: <3BA193CA4F8>, "
    "ip: 198.19.52.1, user: taro@alpha.test, from: <taro@alpha.test>, (default: F (no action): "
    "[1.40/15.00] [MISSING_DATE(1.00){},MID_RHS_NOT_FQDN(0.50){},MIME_GOOD(-0.10){text/plain;},"
    "ARC_NA(0.00){},DKIM_SIGNED(0.00){alpha.test:s=mx1-202611r-3d2v;}]), len: 518"
)


def said(program: str, text: str) -> tuple[str | None, str, str]:
    """Return the queue id, what a line says and its detail."""
    seen = event(Line(host="mx1", time=0, program=program, text=text))
    return seen.queue_id, seen.what, seen.detail


@pytest.mark.parametrize(
    ("program", "text", "expected"),
    [
        (
            "postfix/submissions/smtpd",
            "3BA193CA4F8: client=unknown[198.19.52.1], sasl_method=PLAIN, sasl_username=t@a.test",
            ("3BA193CA4F8", "taken from",
             "unknown[198.19.52.1], sasl_method=PLAIN, sasl_username=t@a.test"),
        ),
        (
            "postfix/smtp",
            "4FFA93C8678: to=<friend@peer.test>, relay=none, delay=0.07, delays=0.03/0/0.04/0, "
            "dsn=4.4.1, status=deferred (connect to peer.peer.test[198.19.52.31]:25: Connection "
            "refused)",
            ("4FFA93C8678", "waits: friend@peer.test",
             "none: connect to peer.peer.test[198.19.52.31]:25: Connection refused"),
        ),
        (
            "postfix/smtp",
            "7B3C63CAAC2: to=<friend@peer.test>, orig_to=<friend@alpha.test>, "
            "relay=peer.peer.test[2001:2:0:134::31]:25, delay=0.39, delays=0.08/0/0.3/0.01, "
            "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as C24CE32E77A)",
            ("7B3C63CAAC2", "delivered: friend@peer.test (for friend@alpha.test)",
             "peer.peer.test[2001:2:0:134::31]:25: 250 2.0.0 Ok: queued as C24CE32E77A"),
        ),
        (
            "postfix/bounce",
            "7C8B13C8680: sender non-delivery notification: AD0623C8682",
            ("7C8B13C8680", "the sender is told, by", "AD0623C8682"),
        ),
        ("postfix/qmgr", "3LTx5k1zKnz9rwt: removed", ("3LTx5k1zKnz9rwt", "left the queue", "")),
        (
            "postfix/smtpd",
            "NOQUEUE: reject: RCPT from unknown[198.19.52.1]: 550 5.1.1 <n@alpha.test>: no",
            (None, "refused", "RCPT from unknown[198.19.52.1]: 550 5.1.1 <n@alpha.test>: no"),
        ),
        (
            "rspamd",
            RSPAMD,
            ("3BA193CA4F8", "judged: no action",
             "score 1.40; MISSING_DATE(+1) MID_RHS_NOT_FQDN(+0.5) MIME_GOOD(-0.1)"),
        ),
        (
            "dovecot",
            "lmtp(jiro@alpha.test)<14005><PURNM6waB2u1NgAA7Dvb1A>: msgid=<1@mx1.alpha.test>: saved "
            "mail to INBOX",
            (None, "saved mail to INBOX", "for jiro@alpha.test"),
        ),
        (
            "dovecot",
            "lmtp(taro@alpha.test)<7><x>: sieve: msgid=<1@a.test>: stored mail into mailbox 'Junk'",
            (None, "stored mail into mailbox 'Junk'", "for taro@alpha.test"),
        ),
        ("postfix/smtpd", "something new", (None, "", "something new")),
    ],
)  # fmt: skip
def test_a_line_is_told_in_words(
    program: str, text: str, expected: tuple[str | None, str, str]
) -> None:
    assert said(program, text) == expected


def test_events_of_all_hosts_stand_in_order_of_time() -> None:
    lines = [
        Line(host=host, time=time, program="postfix/qmgr", text="3BA193CA4F8: removed")
        for host, time in (("mx2", 2.0), ("mx1", 3.0), ("mx1", 1.0))
    ]
    assert [(each.host, each.time) for each in timeline(lines)] == [
        ("mx1", 1.0), ("mx2", 2.0), ("mx1", 3.0)
    ]  # fmt: skip


def test_where_nothing_is_found_the_reach_of_each_journal_is_told() -> None:
    answers = [Answer("mx1", [], 1795622880.0, False), Answer("mx2", [], None, False)]
    assert nothing("<x@y>", "-2 days", answers) == (
        "No host knows <x@y> (--since '-2 days'). mx1's journal begins 2026-11-25 16:08 UTC;"
        " mx2's journal is empty."
    )


@pytest.fixture(scope="module")
def module() -> ModuleType:
    """The module that runs on a host."""
    spec = importlib.util.spec_from_file_location("trace_module", MODULE)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("7C8B13C8680: sender non-delivery notification: AD0623C8682",
         {"7C8B13C8680", "AD0623C8682"}),
        ("7B3C63CAAC2: message-id=<1@test>", {"7B3C63CAAC2", "<1@test>"}),
        ("3LTx5k1zKnz9rwt: to=<a@b>, status=sent (250 2.0.0 Ok: queued as C24CE32E77A)",
         {"3LTx5k1zKnz9rwt", "C24CE32E77A"}),
        (RSPAMD, {"<375d9752@test>"}),
        ("lmtp(a@b)<1><2>: msgid=<1@test>: saved mail to INBOX", {"<1@test>"}),
        ("NOQUEUE: reject: RCPT from unknown[198.19.52.1]: 550 no; to=<a@b>", set()),
        ("connect from unknown[198.19.52.1]", set()),
    ],
)  # fmt: skip
def test_the_ids_that_lead_further_are_seen(module: ModuleType, text: str, ids: set[str]) -> None:
    assert module.ids_in(text) == ids


@pytest.mark.parametrize(
    ("program", "text", "kept"),
    [
        ("dovecot", "imap-login: Login: user=<taro@alpha.test>, method=PLAIN", False),
        ("dovecot", "lmtp(taro@alpha.test)<1><2>: msgid=<1@test>: saved mail to INBOX", True),
        ("rspamd", "<b6ee6d>; proxy; proxy_accept_socket: accepted milter connection", False),
        ("rspamd", RSPAMD, True),
        ("postfix/smtpd", "NOQUEUE: reject: RCPT from x: 550 no; to=<taro@alpha.test>", True),
    ],
)
def test_logins_are_no_part_of_a_messages_way(
    module: ModuleType, program: str, text: str, kept: bool
) -> None:
    assert module.wanted({"SYSLOG_IDENTIFIER": program, "MESSAGE": text}) is kept
