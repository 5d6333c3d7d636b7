"""How many cases hypothesis draws for each property: `make drill` draws many more."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("default", max_examples=300, deadline=None)
settings.register_profile("drill", max_examples=5000, deadline=None)
