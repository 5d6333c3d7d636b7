"""A sender as RFC 5321 4.5.4.1 wants it, which writes down each attempt."""

from __future__ import annotations

import itertools
import queue
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from labmail import Post
from postwright.probe.submission import open_session
from postwright.probe.wire import Smtp

PATIENCE = 600.0
"""Seconds for one answer: RFC 5321 4.5.3.2.6 wants ten minutes after the final dot."""
RETRY = 2.0
"""Seconds until a letter is tried again; other senders take minutes, a drill has less."""
ANSWERED = 900.0
"""Seconds after a fault until each letter has its answer."""
MARK = "fault drill"
_STRANGER = "somebody@client.test"


@dataclass(frozen=True)
class Route:
    """A way in: port 25 as a stranger, or submission as an account, and to whom."""

    host: str
    login: str | None
    recipients: tuple[str, ...]

    @property
    def name(self) -> str:
        """How reports name it."""
        return f"{self.host} {'465' if self.login else '25'}"

    @property
    def sender(self) -> str:
        """The envelope sender, which is the author."""
        return self.login or _STRANGER


ROUTES = (
    Route("mx1", None, ("taro@alpha.test", "jiro@alpha.test", "hanako@beta.test")),
    Route("mx2", None, ("saburo@gamma.test",)),
    Route("mx1", "taro@alpha.test", ("friend@peer.test", "saburo@gamma.test", "jiro@alpha.test")),
    Route("mx2", "saburo@gamma.test", ("friend@peer.test", "taro@alpha.test")),
)


@dataclass(frozen=True)
class Attempt:
    """One try at handing a letter over.

    Attributes:
        began: when, in seconds since the epoch.
        ended: when.
        reply: the server's last words, or what broke.
        dotted: whether the final dot may have reached the server.
    """

    began: float
    ended: float
    reply: str
    dotted: bool

    @property
    def accepted(self) -> bool:
        """Whether the server has taken the letter."""
        return self.dotted and self.reply.startswith("250")

    @property
    def refused(self) -> bool:
        """Whether the server will never take it."""
        return self.reply.startswith("5")

    @property
    def in_the_window(self) -> bool:
        """Whether the letter went out whole and no answer came back (RFC 1047)."""
        return self.dotted and not self.reply[:1].isdigit()


@dataclass
class Letter:
    """A message, and each attempt to hand it over."""

    token: str
    route: Route
    recipient: str
    fault: str
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return f"<{self.token}@{self.route.sender.partition('@')[2]}>"

    @property
    def accepted(self) -> bool:
        """Whether a server answers for it."""
        return bool(self.attempts) and self.attempts[-1].accepted

    @property
    def windows(self) -> int:
        """How often a server may have taken it without the sender's knowledge."""
        return sum(attempt.in_the_window for attempt in self.attempts)

    def data(self) -> bytes:
        """Return the message with the end of data."""
        return (
            f"From: <{self.route.sender}>\r\nTo: <{self.recipient}>\r\n"
            f"Subject: {MARK}: {self.fault} {self.token}\r\nMessage-ID: {self.message_id}\r\n"
            f"Date: {formatdate()}\r\n\r\nMail flows all the same.\r\n.\r\n"
        ).encode()


class Ledger:
    """All letters of a drill."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self.letters: list[Letter] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def letter(self, route: Route, fault: str, recipient: str | None = None) -> Letter:
        """Write a new letter down."""
        with self._lock:
            number = next(self._numbers)
            to = recipient or route.recipients[number // len(ROUTES) % len(route.recipients)]
            made = Letter(f"{self.run}-{number:05d}", route, to, fault)
            self.letters.append(made)
        return made


class Courier:
    """One connection, kept open while it works, that hands letters over one by one."""

    def __init__(self, post: Post, route: Route) -> None:
        self.post = post
        self.route = route
        self._session: Smtp | None = None

    def hand_over(self, letter: Letter) -> Attempt:
        """Try once, and write the attempt down."""
        began, dotted = time.time(), False
        try:
            session = self._session or self._connect()
            for command, wanted in (
                (f"MAIL FROM:<{self.route.sender}>", "250"),
                (f"RCPT TO:<{letter.recipient}>", "250"),
                ("DATA", "354"),
            ):
                reply = session.command(command)
                if not reply.startswith(wanted):
                    break
            else:
                dotted = True
                session.send(letter.data())
                reply = session.reply()
        except PermissionError as error:
            reply = str(error).partition(": ")[2]
        except OSError as error:
            reply = str(error) or type(error).__name__
        attempt = Attempt(began, time.time(), reply, dotted)
        letter.attempts.append(attempt)
        if not attempt.accepted:
            self.close()
        return attempt

    def _connect(self) -> Smtp:
        target = self.post.target(self.route.login or self.route.recipients[0])
        if self.route.login:
            session = open_session(target, 465, self.post.login(self.route.login))
        else:
            session = Smtp(target, 25)
        # From here on `close` closes it.
        self._session = session
        session.socket.settimeout(PATIENCE)
        # A server without power says nothing; once it is up, it resets what it does not know.
        session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
        session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 60)
        if not self.route.login:
            session.hello("client.test")
        return session

    def close(self) -> None:
        """Hang up."""
        if self._session:
            self._session.socket.close()
            self._session = None


class Load:
    """Letters on all routes, evenly in time, until it is told to end."""

    def __init__(self, post: Post, ledger: Ledger, fault: str, rate: float, workers: int) -> None:
        self.ledger = ledger
        self.fault = fault
        self.rate = rate
        self._post = post
        self._fed = threading.Event()
        self._ended = threading.Event()
        self._abandoned = threading.Event()
        self._ways: dict[Route, queue.PriorityQueue[tuple[float, str, Letter]]] = {
            route: queue.PriorityQueue() for route in ROUTES
        }
        self._threads = [threading.Thread(target=self._feed, daemon=True)]
        self._threads += [
            threading.Thread(target=self._work, args=(route,), daemon=True)
            for route in ROUTES
            for _ in range(workers)
        ]
        self.letters: list[Letter] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finish(self, least: int) -> None:
        """Feed no more once there are so many letters, and wait until each has its answer."""
        while len(self.letters) < least:
            time.sleep(1 / self.rate)
        self._ended.set()
        end = time.monotonic() + ANSWERED
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self.abandon()

    def abandon(self) -> None:
        """Stop, whatever has no answer yet."""
        self._ended.set()
        self._abandoned.set()

    def _feed(self) -> None:
        for route in itertools.cycle(ROUTES):
            if self._ended.wait(1 / self.rate):
                break
            letter = self.ledger.letter(route, self.fault)
            self.letters.append(letter)
            self._ways[route].put((time.monotonic(), letter.token, letter))
        self._fed.set()

    def _work(self, route: Route) -> None:
        courier = Courier(self._post, route)
        mine = self._ways[route]
        while not (self._abandoned.is_set() or self._done(route)):
            try:
                due, _, letter = mine.get(timeout=0.2)
            except queue.Empty:
                continue
            if due > time.monotonic():
                # Nothing is due before it, but what is fed meanwhile may be.
                mine.put((due, letter.token, letter))
                time.sleep(0.1)
                continue
            attempt = courier.hand_over(letter)
            if not (attempt.accepted or attempt.refused):
                mine.put((time.monotonic() + RETRY, letter.token, letter))
        courier.close()

    def _done(self, route: Route) -> bool:
        return self._fed.is_set() and all(
            letter.attempts and (letter.attempts[-1].accepted or letter.attempts[-1].refused)
            for letter in list(self.letters)
            if letter.route is route
        )


@contextmanager
def flowing(
    post: Post, ledger: Ledger, fault: str, *, least: int, rate: float = 16, workers: int = 3
) -> Iterator[Load]:
    """Have mail flow while the block lasts, and after it until each letter has its answer."""
    load = Load(post, ledger, fault, rate, workers)
    load.start()
    try:
        yield load
    except BaseException:
        load.abandon()
        raise
    load.finish(least)
