"""Where in which file a value of the inventory was written.

Since ansible-core 2.19, values and keys that come from YAML carry an `Origin` tag. It is internal
to ansible-core, so this is the only module that knows it, and without it problems merely lose
their file and line.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A file and a line, either of them None where it is not known."""

    file: str | None
    line: int | None


NOWHERE = Place(None, None)

try:
    _ORIGIN: Any = importlib.import_module("ansible._internal._datatag._tags").Origin
except (ImportError, AttributeError):
    _ORIGIN = None


def place_of(value: object) -> Place | None:
    """Return the place that a value or key is tagged with (or that it is), or None."""
    if _ORIGIN is None:
        return None
    tag = value if isinstance(value, _ORIGIN) else _ORIGIN.get_tag(value)
    if tag is None:
        return None
    return Place(tag.path or tag.description, tag.line_num)


def step(container: object, part: str | int) -> tuple[object, object]:
    """Return (key, value) of one step down; keys compare by text, since YAML has numbers too.

    Raises:
        KeyError: there is no such step.
    """
    if isinstance(container, Mapping):
        for key, value in container.items():
            if str(key) == str(part):
                return key, value
    elif isinstance(container, (list, tuple)) and isinstance(part, int) and part < len(container):
        return None, container[part]
    raise KeyError(part)


def locate(root: object, path: Path, *, of_key: bool = False) -> Place:
    """Return the nearest known place on the path: the value's, its key's, then its parents'.

    A mapping or list is tagged with its first element's place, so its key says better where it
    begins. `of_key` asks for the key itself.
    """
    found: list[Place | None] = []
    container = root
    for depth, part in enumerate(path):
        try:
            key, value = step(container, part)
        except KeyError:
            break
        last = depth == len(path) - 1
        scalar = not isinstance(value, (Mapping, list, tuple))
        by_key, by_value = place_of(key), place_of(value)
        value_first = scalar and not (of_key and last)
        found += [by_key, by_value] if value_first else [by_value, by_key]
        container = value
    return next((place for place in reversed(found) if place is not None), NOWHERE)


def plain(value: object) -> object:
    """Return the value without tags and lazy containers, for pydantic's strict mode."""
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return str.__str__(value) if kind is str else kind(value)
    return value
