"""What the classes of the inventory, and those that templates print, have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A class that takes no unknown key and converts no type behind the operator's back."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Value(BaseModel):
    """A part of the derived value `mail`: no key is misspelt, and none is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
