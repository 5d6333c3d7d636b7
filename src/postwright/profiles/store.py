"""The profiles that there are: every TOML file in `data`, by its name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from .model import Profile


@cache
def profiles() -> Mapping[str, Profile]:
    """Return every profile by its key.

    Raises:
        pydantic.ValidationError: a file is no profile.
    """
    found = (each for each in files(__package__).joinpath("data").iterdir())
    texts = {
        each.name.removesuffix(".toml"): each.read_text(encoding="utf-8")
        for each in found
        if each.name.endswith(".toml")
    }
    return {
        name: Profile.model_validate(tomllib.loads(text)) for name, text in sorted(texts.items())
    }


def receivers() -> dict[str, Profile]:
    """Return the profiles of who receives."""
    return {name: each for name, each in profiles().items() if each.relay is None}


def senders() -> dict[str, Profile]:
    """Return the profiles of who sends."""
    return {name: each for name, each in profiles().items() if each.relay is not None}
