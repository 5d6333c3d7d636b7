"""Submitting as an account until it is stopped, and letting it start afresh."""

from __future__ import annotations

from typing import Any

from abuse_cases import NAMES, Case, decisive, message
from abuse_sending import held
from labkit import on

PER_MINUTE, PER_DAY = 60, 500
FROZEN = "550 5.7.1"
_SUBMITS = Case("submits", "250", message("{own}", "{other}"), 465, "implicit", "{own}")


def fresh(host: str, login: str) -> None:
    """Have an account submit again, its counts anew."""
    on(host, "postwright-limits", "freeze", login)
    on(host, "postwright-limits", "release", "--delete-held", login)


def submitted(facts: dict[str, Any], host: str, login: str, times: int = 1) -> list[str]:
    """Submit messages from the client; return the decisive reply to each."""
    names = {**NAMES[host], "own": login}
    dialog = _SUBMITS.dialog(names, facts["hosts"][host]["ipv4"])
    return [decisive(replies) for replies in held("client", [dialog] * times, 20)]
