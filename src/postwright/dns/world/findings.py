"""What a check of the world can find: each kind with its severity and where the rule comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad it is: mail suffers, mail may suffer, or it is good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Rule(NamedTuple):
    """A kind of finding."""

    severity: Severity
    source: str


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
RULES: dict[str, Rule] = {
    "zone.absent": Rule(_E, "RFC 1034 4.2"),
    "record.missing": Rule(_E, "the inventory"),
    "record.different": Rule(_E, "the inventory"),
    "record.extra": Rule(_E, "the inventory"),
    "record.stale": Rule(_E, "RFC 1034 4.3.5"),
    "record.unwanted": Rule(_W, "the inventory"),
    "record.retiring": Rule(_I, "the zone's manifest"),
    "record.cached": Rule(_I, "RFC 1034 3.6"),
    "manifest.incomplete": Rule(_W, "the zone's manifest"),
    "delegation.lame": Rule(_E, "RFC 1912 2.8"),
    "delegation.no_address": Rule(_E, "RFC 1912 2.3"),
    "delegation.differs": Rule(_W, "RFC 1034 4.2.2"),
    "delegation.not_asked": Rule(_I, "this machine"),
    "dnssec.broken": Rule(_E, "RFC 4035 5.5"),
    "dnssec.absent": Rule(_I, "RFC 4033 5"),
    "resolver.not_validating": Rule(_W, "RFC 4035 4.9.3"),
    "spf.lookups": Rule(_E, "RFC 7208 4.6.4"),
    "spf.void": Rule(_E, "RFC 7208 4.6.4"),
    "spf.include": Rule(_E, "RFC 7208 5.2"),
    "spf.unknown": Rule(_W, "RFC 7208 2.6.6"),
    "dkim.none": Rule(_E, "RFC 6376 3.6.2"),
    "dkim.key": Rule(_E, "RFC 6376 3.6.1"),
    "dkim.weak": Rule(_W, "RFC 8301 3.2"),
    "caa.forbids": Rule(_E, "RFC 8659 3"),
    "caa.unknown": Rule(_W, "RFC 8659 3"),
    "reverse.missing": Rule(_E, "RFC 1912 2.1"),
    "reverse.differs": Rule(_E, "RFC 1912 2.1"),
    "forward.differs": Rule(_E, "RFC 1912 2.1"),
    "blocklist.listed": Rule(_E, "RFC 5782 2.1"),
    "blocklist.unusable": Rule(_W, "RFC 5782 5"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; `id` is a key of RULES."""

    id: str
    subject: str
    seen: str
    mend: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RULES[self.id].severity

    @property
    def source(self) -> str:
        """Where the rule comes from."""
        return RULES[self.id].source

    def to_dict(self) -> dict[str, str]:
        """Return the finding as data."""
        return {**asdict(self), "severity": self.severity.value, "source": self.source}


def in_order(found: Sequence[Finding]) -> list[Finding]:
    """Return each finding once, the worst first."""
    ranks = list(Severity)
    return sorted(
        dict.fromkeys(found),
        key=lambda each: (ranks.index(each.severity), each.id, each.subject, each.seen),
    )
