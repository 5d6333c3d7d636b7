"""How a fault passes: mail flows, something happens, the service is back, and all is counted."""

from __future__ import annotations

import imaplib
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import fault_count
from drill_kill import Say
from fault_mail import ROUTES, Courier, Ledger, Letter, Load, Route
from labkit import BIN, command
from labmail import Post
from postwright.probe.result import awaited

DRAINED = 900.0
"""Seconds until what waited in queues has gone: Postfix tries again after 1, 2, 4 ... minutes."""


def back(
    post: Post, ledger: Ledger, name: str, since: float, patience: float
) -> dict[Route, float]:
    """Return after how many seconds the first new letter of each route was in its mailbox."""

    def one(route: Route) -> float:
        courier, recipient = Courier(post, route), route.recipients[0]
        told = f"{ledger.run} after {name} by {route.name}"
        waiting: list[Letter] = []
        with awaited(patience, pause=0.5) as again:
            while again():
                if not waiting or waiting[-1].accepted:
                    # One may wait in a queue where the next goes through.
                    waiting.append(ledger.letter(route, told, recipient))
                courier.hand_over(waiting[-1])
                with suppress(OSError, imaplib.IMAP4.error):
                    if post.count(recipient, told):
                        break
        seconds = time.monotonic() - since
        with awaited(patience, pause=0.5) as again:
            while again() and not waiting[-1].accepted:
                courier.hand_over(waiting[-1])
        courier.close()
        return seconds

    with ThreadPoolExecutor(len(ROUTES)) as pool:
        return dict(zip(ROUTES, pool.map(one, ROUTES), strict=True))


def said(name: str, load: Load, seconds: dict[Route, float]) -> str:
    """Say how a fault went."""
    tries = sum(len(letter.attempts) for letter in load.letters)
    windows = sum(letter.windows for letter in load.letters)
    arrived = ", ".join(f"{route.name} {found:.1f} s" for route, found in seconds.items())
    answers = Counter(
        attempt.reply[:60]
        for letter in load.letters
        for attempt in letter.attempts
        if not attempt.accepted
    )
    heard = ", ".join(f"{count} x {reply!r}" for reply, count in answers.most_common(4))
    return (
        f"{name}: {len(load.letters)} letters in {tries} tries, {windows} final dots without an "
        f"answer; first mail afterwards: {arrived}; heard: {heard or 'nothing but 250'}"
    )


def show(verdict: fault_count.Verdict, say: Say) -> None:
    """Print what was counted, and the trace of each letter that is not in one place."""
    say(str(verdict))
    for double in verdict.doubles:
        told(double.letter, double.why or "NOT EXPLAINED", say)
        for copy in double.copies:
            way = ", ".join(f"{host} as {queue_id}" for host, queue_id in copy.hops)
            say(f"  in {copy.folder} of {copy.account} by {way}, at {utc(copy.when)}")
        # By its queue id: a host that lost its power has lost the line with the Message-ID.
        trace(next(queue_id for _, queue_id in double.copies[0].hops), say)
    for letter in verdict.missing:
        told(letter, "MISSING", say)
        trace(letter.message_id, say)


def told(letter: Letter, why: str, say: Say) -> None:
    """Print each attempt to hand a letter over."""
    say(f"{letter.message_id} to {letter.recipient}, {letter.fault}: {why}")
    for attempt in letter.attempts:
        say(f"  {utc(attempt.began)} to {utc(attempt.ended)} {attempt.reply}")


def trace(wanted: str, say: Say) -> None:
    """Print what the hosts know of it."""
    words = ("trace", wanted, "-i", "inventory/lab", "--since", "-2 hours")
    for line in command(str(BIN / "postwright"), *words).stdout.splitlines():
        say(f"    {line}")


def utc(when: float) -> str:
    """Return a time as trace shows it."""
    return datetime.fromtimestamp(when, UTC).strftime("%H:%M:%S")
