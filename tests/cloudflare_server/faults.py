"""What can go wrong between the client and what the server does."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """One fault at one request; "after" says that the server had already acted."""

    ERROR = "error 500"
    ERROR_AFTER = "error 500 after the server acted"
    NO_JSON = "a proxy's page instead of an answer"
    CUT = "connection cut"
    CUT_AFTER = "connection cut after the server acted"
    SLOW_AFTER = "no answer in time, though the server acted"
    TOO_MANY = "429 with Retry-After"

    @property
    def acts(self) -> bool:
        """Whether the server does what it was asked before the fault."""
        return self in {Fault.ERROR_AFTER, Fault.CUT_AFTER, Fault.SLOW_AFTER}
