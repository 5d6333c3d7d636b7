"""Limits of a minute and of a day, which have to go together at every level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .findings import Finding
from .limits import Limits
from .origin import Path


def check_limits(general: object, domains: object) -> Iterator[Finding]:
    """Yield each day's limit below its minute's, once, at the level that makes it so.

    `general` is `mail_limits` and `domains` is `mail_domains`, as they are written.
    """
    everybody = _merged(Limits().model_dump(), general)
    yield from _level(("mail_limits",), general, everybody)
    for name, domain in _mapping(domains).items():
        path: Path = ("mail_domains", name)
        own = _mapping(domain).get("limits")
        inside = _merged(everybody, own)
        yield from _level((*path, "limits"), own, inside)
        for local, account in _mapping(_mapping(domain).get("accounts")).items():
            own = _mapping(account).get("limits")
            yield from _level((*path, "accounts", local, "limits"), own, _merged(inside, own))


def _merged(above: Mapping[str, int], own: object) -> dict[str, int]:
    """Return the limits of one level; what is no limit is refused elsewhere."""
    said = {
        key: value
        for key, value in _mapping(own).items()
        if key in above and type(value) is int and value > 0
    }
    return {**above, **said}


def _level(path: Path, own: object, limits: Mapping[str, int]) -> Iterator[Finding]:
    for what in ("messages", "recipients"):
        minute, day = f"{what}_per_minute", f"{what}_per_day"
        said = [key for key in (day, minute) if key in _mapping(own)]
        if said and limits[day] < limits[minute]:
            yield Finding(
                (*path, said[0]),
                f"{limits[day]} {what} a day are fewer than {limits[minute]} a minute",
                f"raise {day} to {limits[minute]} or more, or lower {minute}",
            )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
