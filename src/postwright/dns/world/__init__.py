"""The world against the inventory: what anybody sees in DNS, without a provider's credentials.

`look` asks (by `asking`), the other modules judge one thing each, `findings` lists all kinds.
"""

from .asking import World, over_network, system_resolvers
from .blocklists import built_in
from .findings import RULES, Finding, Severity
from .look import Subject, look, look_around

__all__ = [
    "RULES",
    "Finding",
    "Severity",
    "Subject",
    "World",
    "built_in",
    "look",
    "look_around",
    "over_network",
    "system_resolvers",
]
