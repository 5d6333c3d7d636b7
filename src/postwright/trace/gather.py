"""Asking every host what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from postwright import hosts
from postwright.dns.errors import DnsError
from postwright.model.variables import GROUP

from .events import Line, event


@dataclass(frozen=True)
class Answer:
    """What one host knows; `oldest` is when its journal begins, in seconds since 1970."""

    host: str
    lines: list[Line]
    oldest: float | None
    cut: bool


def gather(
    sources: Sequence[Path], vault_files: Sequence[Path], word: str, since: str
) -> list[Answer]:
    """Return what all mail hosts know of a message, an address or a queue id.

    A message has another queue id on each host and its Message-ID on all, so what one host learnt
    the others are asked.

    Raises:
        DnsError: a host could not be asked.
    """
    answers = ask(sources, vault_files, [word], since)
    events = [event(line) for answer in answers for line in answer.lines]
    known = sorted({each.message_id for each in events if each.message_id} - {word})
    if len(answers) > 1 and known:
        answers = ask(sources, vault_files, [word, *known[:100]], since)
    return answers


def ask(
    sources: Sequence[Path], vault_files: Sequence[Path], words: list[str], since: str
) -> list[Answer]:
    """Run the module `trace` on all mail hosts at once.

    Raises:
        DnsError: a host could not be asked.
    """
    told = hosts.ask(
        sources, vault_files, GROUP, "postwright.mail.trace", {"words": words, "since": since}
    )
    wrong = [f"{host}: {said.get('msg')}" for host, said in told.items() if "lines" not in said]
    if wrong:
        raise DnsError("\n".join(wrong), "mend that, then ask again: all hosts have to answer")
    return [
        Answer(
            host, [Line(host=host, **line) for line in said["lines"]], said["oldest"], said["cut"]
        )
        for host, said in told.items()
    ]
