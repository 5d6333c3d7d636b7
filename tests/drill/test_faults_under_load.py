"""Daemons die, freeze, run out of room and lose the time while mail flows: nothing is lost.

One fault alone: -k 'rspamd or where_it_belongs'. The last test counts what the others sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import fault_clock
import fault_count
import fault_ways
from drill_kill import Say
from fault_drill import DRAINED, back, said, show
from fault_mail import ROUTES, Courier, Ledger, Letter, flowing
from fault_ways import DAEMONS, MASTERS, PARTITIONS, Daemon, Partition
from labmail import Post
from postwright.probe.result import awaited

# imaplib leaves a connection that breaks to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Drill = Callable[..., None]

LETTERS = 320
"""During each fault."""
BACK = 120.0
"""Seconds after a fault's end within which new mail arrives: Postfix waits a minute or two before
it tries a way again that failed."""
SET_BACK = 300.0
"""Seconds for Dovecot: set back, it starts no process for three minutes (master(8)'s log)."""
JUMPED = 5.0
"""Seconds that mail flows by each new time."""


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """All letters."""
    return Ledger()


@pytest.fixture
def drill(post: Post, ledger: Ledger, say: Say) -> Drill:
    """Let mail flow, have something happen, and see the service come back by itself."""

    def run(name: str, happen: Callable[[], None], within: float = BACK) -> None:
        with flowing(post, ledger, name, least=LETTERS) as load:
            with awaited(60) as again:
                while again() and sum(letter.accepted for letter in load.letters) < LETTERS // 8:
                    pass
            happen()
            ended = time.monotonic()
            seconds = back(post, ledger, name, ended, within)
            assert max(seconds.values()) <= within, said(name, load, seconds)
        say(said(name, load, seconds))
        refused = {x.attempts[-1].reply for x in load.letters if x.attempts[-1].refused}
        assert not refused, refused

    return run


@pytest.mark.parametrize("daemon", [*DAEMONS, *MASTERS], ids=lambda daemon: daemon.name)
def test_killed(daemon: Daemon, drill: Drill) -> None:
    drill(f"{daemon.name} killed", lambda: fault_ways.kill(daemon))


@pytest.mark.parametrize("daemon", DAEMONS, ids=lambda daemon: daemon.name)
def test_frozen(daemon: Daemon, drill: Drill) -> None:
    def happen() -> None:
        with fault_ways.frozen(daemon):
            time.sleep(fault_ways.HOLD)

    drill(f"{daemon.name} frozen", happen)


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition.name)
def test_full(partition: Partition, drill: Drill, say: Say) -> None:
    fault_ways.flushed(DRAINED)
    with fault_ways.small(partition):

        def happen() -> None:
            with fault_ways.full(partition):
                time.sleep(fault_ways.FULL)

        drill(f"{partition.name} full", happen)
        fault_ways.flushed(DRAINED)


def test_the_clock_jumps(drill: Drill) -> None:
    fault_ways.flushed(DRAINED)
    with fault_clock.faked():

        def happen() -> None:
            for offset in ("+2d", "+0"):
                fault_clock.jump(offset)
                time.sleep(fault_clock.NO_CACHE + JUMPED)

        drill("clock jump", happen, within=SET_BACK)
        fault_ways.flushed(DRAINED)


def test_each_letter_is_once_where_it_belongs(post: Post, ledger: Ledger, say: Say) -> None:
    start = time.monotonic()
    fault_ways.drained(DRAINED)
    say(f"queues were empty after {time.monotonic() - start:.0f} s")
    verdict = fault_count.judged(ledger.letters, fault_count.copies(post), fault_count.knowing())
    show(verdict, say)
    assert ledger.letters
    assert verdict.ok


def test_the_counter_sees_what_is_lost_and_what_is_double(post: Post, say: Say) -> None:
    ledger, (strangers, *_) = Ledger(), ROUTES
    letters = [ledger.letter(strangers, "nothing", "taro@alpha.test") for _ in range(4)]
    courier = Courier(post, strangers)
    for letter in letters:
        assert courier.hand_over(letter).accepted
        arrived = post.arrived(letter.recipient, letter.token)
        assert arrived
    courier.close()
    kept, lost, doubled, moved = letters
    with post.mailbox(kept.recipient) as imap:
        imap.select("INBOX")

        def uid(letter: Letter) -> str:
            return str(imap.uid("SEARCH", "SUBJECT", f'"{letter.token}"')[1][0].decode())

        imap.uid("COPY", uid(doubled), "INBOX")
        imap.uid("STORE", f"{uid(lost)},{uid(moved)}", "+FLAGS", r"(\Deleted)")
        with post.mailbox("jiro@alpha.test") as other:
            other.append("INBOX", "", None, arrived)
        imap.expunge()
    verdict = fault_count.judged(letters, fault_count.copies(post), fault_count.knowing())
    say(f"the counter on purpose: {verdict}")
    assert not verdict.ok
    assert verdict.missing == (lost,)
    assert [double.letter for double in verdict.unexplained] == [doubled]
    assert verdict.elsewhere == (moved,)
