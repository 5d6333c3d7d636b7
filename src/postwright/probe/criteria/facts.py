"""What the criteria judge: a domain as DNS shows it, and its mail hosts as they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from postwright.probe.tls_look import Seen


@dataclass(frozen=True)
class Signed:
    """What DNSSEC says of a name: `delegated` by a DS record, and `valid` to the resolver.

    `unknown` says why nothing can be said; empty where something can.
    """

    delegated: bool
    valid: bool
    unknown: str = ""


@dataclass(frozen=True)
class NameServer:
    """A zone's name server: its IPv6 addresses, and what is wrong with each that fails."""

    name: str
    ipv6: tuple[str, ...]
    failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exchanger:
    """A host that a domain's MX record names.

    Attributes:
        hostname: its name.
        ipv6: its IPv6 addresses in DNS.
        signed: what DNSSEC says of its name.
        caa: the values of the CAA set that holds for it; none where there is none.
        tlsa: the values at `_25._tcp.` of its name.
        tlsa_valid: whether these are validated.
        seen: what each of its addresses takes on port 25; none where it was not looked at.
    """

    hostname: str
    ipv6: tuple[str, ...]
    signed: Signed
    caa: tuple[str, ...]
    tlsa: tuple[str, ...]
    tlsa_valid: bool
    seen: tuple[Seen, ...]


@dataclass(frozen=True)
class DomainFacts:
    """A mail domain.

    Attributes:
        name: the domain.
        servers: its zone's name servers.
        signed: what DNSSEC says of it.
        exchangers: the hosts that its MX records name.
        spf: its SPF records.
        spf_problems: why receivers would not evaluate them to an end.
        dkim: whether `_domainkey` exists in it (RFC 6376 3.6.2.1).
        dmarc: its DMARC records, or those of the domain that it lies in.
        dmarc_at: the name that these stand at.
        dmarc_refused: the report addresses whose domain does not say that it takes reports.
    """

    name: str
    servers: tuple[NameServer, ...]
    signed: Signed
    exchangers: tuple[Exchanger, ...]
    spf: tuple[str, ...]
    spf_problems: tuple[str, ...]
    dkim: bool
    dmarc: tuple[str, ...]
    dmarc_at: str
    dmarc_refused: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What was found on one criterion.

    Attributes:
        criterion: its id.
        ok: whether it is met.
        seen: what was seen.
        waived: why a miss fails nothing: the inventory asks for it, or it cannot be judged here.
    """

    criterion: str
    ok: bool
    seen: str
    waived: str = ""
