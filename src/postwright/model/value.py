"""What templates print: a class of its own, so that no key is misspelt and none is changed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A part of the derived value `mail`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
