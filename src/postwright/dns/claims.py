"""What we own: never a whole record set, but (name, type, predicate on the value).

An apex TXT set holds the values of many: of those, SPF's alone is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from . import txt
from .records import Slot


class Phase(StrEnum):
    """When a record is published: before hosts take mail, or once they do."""

    ANNOUNCE = "announce"
    CUTOVER = "cutover"


class Kind(StrEnum):
    """What a record is for. The manifest names claims by these words, so they never change."""

    A = "a"
    AAAA = "aaaa"
    PTR = "ptr"
    DKIM = "dkim"
    SPF = "spf"
    MX = "mx"
    DMARC = "dmarc"
    DMARC_REPORT = "dmarc-report"
    MTA_STS = "mta-sts"
    TLS_RPT = "tls-rpt"
    TLSA = "tlsa"
    CAA = "caa"
    SRV = "srv"
    DKIM_CNAME = "dkim-cname"
    RETURN_PATH = "return-path"
    AUTODISCOVER = "autodiscover"
    VERIFICATION = "verification"
    VERIFICATION_CNAME = "verification-cname"


@dataclass(frozen=True)
class Rule:
    """A kind's record type, its phase, which values are its own, and how long it is retired.

    `covers` is matched against the start of a TXT value; without it the whole set is the claim's.
    `grace` is how long a record that is wanted no more stays, beyond its TTL: None deletes at once.
    """

    type: str
    phase: Phase
    covers: re.Pattern[bytes] | None = None
    grace: timedelta | None = None


# Mail waits in queues for 5 days by default (postconf(5), maximal_queue_lifetime), and what was
# signed or sent before has to pass until then.
_QUEUES = timedelta(days=7)

# Whatever leads to a host is cached for an hour, or for what its set's TTL was before us.
_CACHES = timedelta(days=1)

# What does not start with the version is no DMARC record (RFC 7489 6.6.3, RFC 9989 4.7).
_DMARC = re.compile(rb"v\s*=\s*DMARC1\s*(?:;|\Z)")

RULES: dict[Kind, Rule] = {
    # An address is needed while the MX that names it is cached.
    Kind.A: Rule("A", Phase.ANNOUNCE, grace=_CACHES),
    Kind.AAAA: Rule("AAAA", Phase.ANNOUNCE, grace=_CACHES),
    Kind.PTR: Rule("PTR", Phase.ANNOUNCE),
    Kind.DKIM: Rule("TXT", Phase.ANNOUNCE, grace=_QUEUES),
    # RFC 7208 4.5: the version is followed by a blank or the end; mechanisms ignore case.
    Kind.SPF: Rule("TXT", Phase.ANNOUNCE, re.compile(rb"v=spf1(?: |\Z)", re.IGNORECASE), _QUEUES),
    Kind.MX: Rule("MX", Phase.CUTOVER),
    Kind.DMARC: Rule("TXT", Phase.CUTOVER, _DMARC),
    # Whoever has the old policy cached still asks (RFC 7489 7.1).
    Kind.DMARC_REPORT: Rule("TXT", Phase.CUTOVER, _DMARC, _CACHES),
    # RFC 8461 3.1 and RFC 8460 3: what does not start so is discarded.
    Kind.MTA_STS: Rule("TXT", Phase.CUTOVER, re.compile(rb"v=STSv1\s*;")),
    Kind.TLS_RPT: Rule("TXT", Phase.CUTOVER, re.compile(rb"v=TLSRPTv1\s*;")),
    # Deleted before the address, a host would lose its protection, but no mail.
    Kind.TLSA: Rule("TLSA", Phase.CUTOVER, grace=_CACHES),
    Kind.CAA: Rule("CAA", Phase.CUTOVER),
    Kind.SRV: Rule("SRV", Phase.CUTOVER),
    # Of others that send for us: the key that they sign with, where bounces come back to them.
    Kind.DKIM_CNAME: Rule("CNAME", Phase.ANNOUNCE, grace=_QUEUES),
    Kind.RETURN_PATH: Rule("CNAME", Phase.ANNOUNCE, grace=_QUEUES),
    Kind.AUTODISCOVER: Rule("CNAME", Phase.CUTOVER),
    # Beside others' values in a domain's TXT set: only the prefix whose one value can be ours.
    Kind.VERIFICATION: Rule("TXT", Phase.ANNOUNCE, re.compile(rb"MS=ms")),
    Kind.VERIFICATION_CNAME: Rule("CNAME", Phase.ANNOUNCE),
}


@dataclass(frozen=True, order=True)
class Claim:
    """A slot, and which of its values are ours."""

    kind: Kind
    name: str

    @property
    def rule(self) -> Rule:
        """The rule of the claim's kind."""
        return RULES[self.kind]

    @property
    def slot(self) -> Slot:
        """Where the claim's values stand."""
        return Slot(self.name, self.rule.type)

    def covers(self, value: str) -> bool:
        """Return whether a value of the slot's set is the claim's."""
        pattern = self.rule.covers
        return pattern is None or pattern.match(txt.decode(value)) is not None


@dataclass(frozen=True)
class Want:
    """A claim and the values that belong there, as canonical presentation text."""

    claim: Claim
    values: tuple[str, ...]
