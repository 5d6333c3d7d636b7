"""What hosts answer about frozen accounts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from postwright import hosts


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(_Said):
    """A message in a host's queue; `size` in bytes."""

    queue_id: str
    queue: str
    sender: str
    recipients: list[str]
    size: int


class Frozen(_Said):
    """Since when an account submits nothing (seconds since 1970), and why."""

    login: str
    since: float
    why: str
    last: str
    told: bool


class Report(_Said):
    """What became of an account on a host (`postwright-limits --json`).

    `frozen` is None where it submits again; `anew` tells whether that is news, and is None where
    nothing was to be changed.
    """

    login: str
    frozen: Frozen | None
    anew: bool | None
    held: list[Message]
    sessions: int
    locked_out: bool


class Answer(_Said):
    """What a host did; `trouble` is why it did nothing."""

    host: str
    reports: list[Report]
    trouble: str | None


def ask(
    sources: Sequence[Path], vault_files: Sequence[Path], pattern: str, words: Sequence[str]
) -> list[Answer]:
    """Run `postwright-limits` on some hosts at once; one that cannot be asked holds up no other.

    Raises:
        DnsError: none could be asked.
    """
    command = {"argv": ["postwright-limits", *words, "--json"]}
    told = hosts.ask(sources, vault_files, pattern, "ansible.builtin.command", command)
    return [answer(host, said) for host, said in told.items()]


def answer(host: str, said: Mapping[str, Any]) -> Answer:
    """Return what a host did, from what Ansible says of it."""
    try:
        reports = TypeAdapter(list[Report]).validate_python(json.loads(said.get("stdout", "")))
    except ValueError:
        why = said.get("stderr") or said.get("msg") or "it answered nothing"
        return Answer(host=host, reports=[], trouble=str(why).strip())
    return Answer(host=host, reports=reports, trouble=None)
