"""MTA-STS records and policies, read as RFC 8461 3.1 and 3.2 write them (role tls_policy)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_RECORD = re.compile(r"v=STSv1[ \t]*;")
_IDENTIFIER = re.compile(r"[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")
_MODES = ("enforce", "testing", "none")
# RFC 8461 3.2: about a year.
_LONGEST_AGE = 31557600


class InvalidPolicyError(ValueError):
    """A policy that RFC 8461 3.2 does not allow; the message says what is wrong with it."""


@dataclass(frozen=True)
class Policy:
    """A domain's promise: its mode, its MX patterns, and for how many seconds it is kept."""

    mode: str
    mx: tuple[str, ...]
    max_age: int

    @property
    def lines(self) -> tuple[str, ...]:
        """The policy's own fields, without extensions, as TLS reports quote it (RFC 8460 4.2)."""
        return (
            "version: STSv1",
            f"mode: {self.mode}",
            *(f"mx: {pattern}" for pattern in self.mx),
            f"max_age: {self.max_age}",
        )


def identifier(texts: Iterable[str]) -> str | None:
    """Return the id that a `_mta-sts` TXT set states; None where it promises no policy.

    Values that do not begin with the version are others' business; of ours there is exactly one.
    """
    ours = [text for text in texts if _RECORD.match(text)]
    if len(ours) != 1:
        return None
    for field in ours[0].split(";")[1:]:
        if found := _IDENTIFIER.fullmatch(field):
            return found[1]
    return None


def parsed(text: str) -> Policy:
    """Return a policy file's policy; of a key that stands twice the first counts, but for `mx`.

    Raises:
        InvalidPolicyError: a key is missing or has a value that is not allowed.
    """
    first: dict[str, str] = {}
    patterns = []
    for line in re.split(r"\r?\n", text):
        key, colon, value = (part.strip(" \t") for part in line.partition(":"))
        if not colon and key:
            raise InvalidPolicyError(f"a line is no key and value: {line[:60]!r}")
        if key == "mx":
            patterns.append(value.lower())
        first.setdefault(key, value)
    if first.get("version") != "STSv1":
        raise InvalidPolicyError("its version is not STSv1")
    mode, age = first.get("mode", ""), first.get("max_age", "")
    if mode not in _MODES:
        raise InvalidPolicyError(f"its mode is {mode[:60]!r}, not one of {', '.join(_MODES)}")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > _LONGEST_AGE:
        raise InvalidPolicyError(f"its max_age is {age[:60]!r}, not 0 to {_LONGEST_AGE} seconds")
    if wrong := [pattern for pattern in patterns if not _PATTERN.fullmatch(pattern)]:
        raise InvalidPolicyError(f"no name of an MX host: {wrong[0][:60]!r}")
    if mode != "none" and not patterns:
        raise InvalidPolicyError("it names no MX host")
    return Policy(mode, tuple(dict.fromkeys(patterns)), int(age))
