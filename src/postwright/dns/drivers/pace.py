"""Not more requests than a provider allows, whichever thread sends them."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from, and how one waits; in seconds from any beginning."""

    def now(self) -> float:
        """Return the present moment."""

    def wait_until(self, moment: float) -> None:
        """Return once the moment has come; at once where it has passed."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return the present moment."""
        return time.monotonic()

    def wait_until(self, moment: float) -> None:
        """Sleep until the moment."""
        time.sleep(max(0.0, moment - time.monotonic()))


class TokenBucket:
    """`burst` requests at once, then `rate` a second: in a time t at most burst + rate * t.

    Who comes first is served first: a request reserves its moment, then waits for it.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._level, self._at = float(burst), clock.now()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the right to send one request."""
        with self._lock:
            self._refill()
            self._level -= 1
            # Below zero, others wait already; while shut, `_at` lies ahead.
            moment = self._at + max(0.0, -self._level / self._rate)
        self._clock.wait_until(moment)

    def shut(self, seconds: float) -> None:
        """Let nobody through for a time, as the provider asked."""
        with self._lock:
            self._refill()
            self._at = max(self._at, self._clock.now() + seconds)

    def _refill(self) -> None:
        now = self._clock.now()
        if now > self._at:
            self._level = min(float(self._burst), self._level + (now - self._at) * self._rate)
            self._at = now
