"""Time that passes only when somebody waits, and the limit on requests that is measured by it."""

from __future__ import annotations

import threading
from collections import deque

LIMIT = 1200
WINDOW = 300.0
"""Requests, and the seconds in which so many are allowed (and for how long more are refused)."""


class VirtualClock:
    """A clock for server and client: whoever waits until a moment brings that moment about."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return self._now

    def wait_until(self, moment: float) -> None:
        """Let time pass until a moment, unless it has passed already."""
        with self._lock:
            self._now = max(self._now, moment)


class RequestLimit:
    """1,200 requests in any 5 minutes of one token; who sends more is shut out for 5 minutes."""

    def __init__(self, limit: int = LIMIT, window: float = WINDOW) -> None:
        self._limit, self._window = limit, window
        self._sent: dict[str, deque[float]] = {}
        self._shut: dict[str, float] = {}

    def refusal(self, token: str, now: float) -> float | None:
        """Count a request; return the seconds to wait where it is refused."""
        if now < self._shut.get(token, now):
            return self._shut[token] - now
        sent = self._sent.setdefault(token, deque())
        while sent and sent[0] <= now - self._window:
            sent.popleft()
        if len(sent) >= self._limit:
            self._shut[token] = now + self._window
            return self._window
        sent.append(now)
        return None
