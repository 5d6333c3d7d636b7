"""Who lies to us while we send, how, and what the RFCs have us do: the table of the adversary."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a message."""

    VERIFIED = "delivered, verified"
    ENCRYPTED = "delivered, encrypted"
    CLEAR = "delivered in clear"
    HELD = "held"


class Starttls(StrEnum):
    """What the server makes of STARTTLS."""

    OFFERED = "offered"
    STRIPPED = "stripped"
    REFUSED = "refused"


class Chain(StrEnum):
    """The certificate that the server shows."""

    GOOD = "good"
    WRONG_NAME = "wrong name"
    EXPIRED = "expired"
    SELF_SIGNED = "self-signed"


class Web(StrEnum):
    """What becomes of a request for the MTA-STS policy."""

    SERVED = "served"
    DOWN = "down"
    MISSING = "missing"
    REDIRECTED = "redirected"
    UNTRUSTED = "untrusted"


class Names(StrEnum):
    """What the domain's DNS is worth."""

    SIGNED = "signed"
    STRIPPED = "signatures stripped"
    SILENT = "TLSA look-up fails"


@dataclass(frozen=True)
class Policy:
    """An MTA-STS policy: `mx` None names the MX, `max_age` is in seconds."""

    mode: str = "enforce"
    mx: str | None = None
    max_age: int = 86400
    web: Web = Web.SERVED


@dataclass(frozen=True)
class Side:
    """What the other side shows.

    A TLSA record's `own` is the digest of the server's key, `other` of another key, `ca` of its
    issuer's key.
    """

    starttls: Starttls = Starttls.OFFERED
    chain: Chain = Chain.GOOD
    only_tls_1_0: bool = False
    tlsa: tuple[str, ...] = ()
    policy: Policy | None = None
    names: Names = Names.SIGNED


@dataclass(frozen=True)
class Case:
    """One lie. `before` is what the other side showed when it got a first message."""

    name: str
    lie: str
    source: str
    outcome: Outcome
    side: Side = field(default_factory=Side)
    before: Side | None = None

    @property
    def promise(self) -> str:
        """What forbids the message to leave in clear; empty where nothing does."""
        shown = self.before or self.side
        if shown.tlsa or shown.names is not Names.SIGNED:
            return "DANE"
        enforced = shown.policy is not None and shown.policy.mode == "enforce"
        if enforced and shown.policy is not None and shown.policy.web is Web.SERVED:
            return "MTA-STS"
        return ""


OWN, OTHER, ISSUER, PKIX = ("3 1 1 own",), ("3 1 1 other",), ("2 1 1 ca",), ("1 1 1 own",)
STRIPPED, REFUSED = Starttls.STRIPPED, Starttls.REFUSED
ENFORCED, TESTING = Policy(), Policy(mode="testing")

CASES = [
    # Nothing is promised: what can be had is taken.
    Case("quiet", "speaks no TLS", "RFC 3207 4", Outcome.CLEAR, Side(starttls=STRIPPED)),
    Case("self", "shows a self-signed certificate", "RFC 7435 3", Outcome.ENCRYPTED,
         Side(chain=Chain.SELF_SIGNED)),
    # DANE
    Case("dane", "nothing", "RFC 7672 2.2", Outcome.VERIFIED, Side(tlsa=OWN)),
    Case("dane-self", "shows a self-signed certificate, its key in TLSA", "RFC 7672 3.1.1",
         Outcome.VERIFIED, Side(chain=Chain.SELF_SIGNED, tlsa=OWN)),
    Case("dane-name", "shows another's name, its key in TLSA", "RFC 7672 3.1.1",
         Outcome.VERIFIED, Side(chain=Chain.WRONG_NAME, tlsa=OWN)),
    Case("dane-old", "shows an expired certificate, its key in TLSA", "RFC 7672 3.1.1",
         Outcome.VERIFIED, Side(chain=Chain.EXPIRED, tlsa=OWN)),
    Case("dane-roll", "is in a rollover: one of two keys is its own", "RFC 7672 2.1.1",
         Outcome.VERIFIED, Side(tlsa=OTHER + OWN)),
    Case("dane-strip", "strips STARTTLS", "RFC 7672 2.2", Outcome.HELD,
         Side(starttls=STRIPPED, tlsa=OWN)),
    Case("dane-454", "refuses STARTTLS with 454", "RFC 7672 2.2", Outcome.HELD,
         Side(starttls=REFUSED, tlsa=OWN)),
    Case("dane-tls10", "speaks TLS 1.0 alone", "RFC 7672 3, RFC 8996", Outcome.HELD,
         Side(only_tls_1_0=True, tlsa=OWN)),
    Case("dane-key", "shows a key that TLSA does not know", "RFC 7672 2.2", Outcome.HELD,
         Side(tlsa=OTHER)),
    Case("dane-ca", "nothing; TLSA names the issuer", "RFC 7672 3.1.2", Outcome.VERIFIED,
         Side(tlsa=ISSUER)),
    Case("dane-ca-name", "shows another's name, its issuer in TLSA", "RFC 7672 3.1.2",
         Outcome.HELD, Side(chain=Chain.WRONG_NAME, tlsa=ISSUER)),
    Case("dane-ca-old", "shows an expired certificate, its issuer in TLSA", "RFC 7672 3.1.2",
         Outcome.HELD, Side(chain=Chain.EXPIRED, tlsa=ISSUER)),
    Case("dane-pkix", "has a TLSA of a usage that SMTP does not know", "RFC 7672 3.1.3",
         Outcome.ENCRYPTED, Side(chain=Chain.SELF_SIGNED, tlsa=PKIX)),
    Case("dane-pkix-strip", "the same, and strips STARTTLS", "RFC 7672 3.1.3", Outcome.HELD,
         Side(starttls=STRIPPED, tlsa=PKIX)),
    Case("bogus", "strips the DNSSEC signatures", "RFC 7672 2.1.1", Outcome.HELD,
         Side(names=Names.STRIPPED)),
    Case("silent", "lets every TLSA look-up fail", "RFC 7672 2.1.1", Outcome.HELD,
         Side(names=Names.SILENT)),
    Case("dane-and-sts", "shows a key that TLSA does not know, and keeps its MTA-STS policy",
         "RFC 8461 2", Outcome.HELD, Side(tlsa=OTHER, policy=ENFORCED)),
    # MTA-STS
    Case("sts", "nothing", "RFC 8461 4", Outcome.VERIFIED, Side(policy=ENFORCED)),
    Case("sts-pattern", "nothing; the policy has a wildcard", "RFC 8461 4.1", Outcome.VERIFIED,
         Side(policy=Policy(mx="*."))),
    Case("sts-strip", "strips STARTTLS", "RFC 8461 4.2", Outcome.HELD,
         Side(starttls=STRIPPED, policy=ENFORCED)),
    Case("sts-454", "refuses STARTTLS with 454", "RFC 8461 4.2", Outcome.HELD,
         Side(starttls=REFUSED, policy=ENFORCED)),
    Case("sts-tls10", "speaks TLS 1.0 alone", "RFC 8461 4.2, RFC 8996", Outcome.HELD,
         Side(only_tls_1_0=True, policy=ENFORCED)),
    Case("sts-name", "shows another's name", "RFC 8461 4.2", Outcome.HELD,
         Side(chain=Chain.WRONG_NAME, policy=ENFORCED)),
    Case("sts-old", "shows an expired certificate", "RFC 8461 4.2", Outcome.HELD,
         Side(chain=Chain.EXPIRED, policy=ENFORCED)),
    Case("sts-self", "shows a self-signed certificate", "RFC 8461 4.2", Outcome.HELD,
         Side(chain=Chain.SELF_SIGNED, policy=ENFORCED)),
    Case("sts-mx", "is an MX that the policy does not name", "RFC 8461 4.1", Outcome.HELD,
         Side(policy=Policy(mx="mx.example.org"))),
    Case("sts-testing", "shows a self-signed certificate; the policy only tests",
         "RFC 8461 5", Outcome.ENCRYPTED, Side(chain=Chain.SELF_SIGNED, policy=TESTING)),
    Case("sts-down", "announces a policy that cannot be fetched", "RFC 8461 3.3",
         Outcome.ENCRYPTED, Side(chain=Chain.SELF_SIGNED, policy=Policy(web=Web.DOWN))),
    Case("sts-404", "announces a policy that is not there", "RFC 8461 3.3", Outcome.ENCRYPTED,
         Side(chain=Chain.SELF_SIGNED, policy=Policy(web=Web.MISSING))),
    Case("sts-moved", "sends who asks for the policy elsewhere", "RFC 8461 3.3",
         Outcome.ENCRYPTED, Side(chain=Chain.SELF_SIGNED, policy=Policy(web=Web.REDIRECTED))),
    Case("sts-forged", "forges the policy, with a certificate that nobody trusts",
         "RFC 8461 3.3", Outcome.ENCRYPTED,
         Side(chain=Chain.SELF_SIGNED, policy=Policy(web=Web.UNTRUSTED))),
    # What a sender already knows
    Case("kept", "hides its policy, and strips STARTTLS", "RFC 8461 5.1", Outcome.HELD,
         Side(starttls=STRIPPED, policy=Policy(web=Web.DOWN)), Side(policy=ENFORCED)),
    Case("unannounced", "hides the policy's TXT record, and strips STARTTLS", "RFC 8461 3.1",
         Outcome.HELD, Side(starttls=STRIPPED), Side(policy=ENFORCED)),
    Case("changed", "has another policy, whose MX is the new one", "RFC 8461 5.1",
         Outcome.VERIFIED, Side(policy=ENFORCED),
         Side(chain=Chain.SELF_SIGNED, policy=Policy(mode="testing", mx="mx.example.org"))),
    Case("expired", "let its policy expire, and strips STARTTLS", "RFC 8461 3.2",
         Outcome.CLEAR, Side(starttls=STRIPPED),
         Side(policy=Policy(max_age=1))),
    Case("withdrawn", "withdrew its policy with mode none, then shows a self-signed certificate",
         "RFC 8461 8.3", Outcome.ENCRYPTED,
         Side(chain=Chain.SELF_SIGNED, policy=Policy(mode="none")), Side(policy=ENFORCED)),
]  # fmt: skip
