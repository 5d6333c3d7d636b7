"""What the tests inside a host know: the model, without secrets, and what preflight saw."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def mail() -> dict[str, Any]:
    """The derived value `mail` of the host under test."""
    text = Path(os.environ["POSTWRIGHT_MAIL"]).read_text(encoding="utf-8")
    return dict(json.loads(text))


@pytest.fixture(scope="session")
def release() -> str:
    """The code name of the host's Debian release."""
    return str(json.loads(os.environ["POSTWRIGHT_HOST"])["codename"])
