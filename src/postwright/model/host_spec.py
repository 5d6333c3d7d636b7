"""A mail host as an operator writes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Strict
from .types import Day, HostName, PublicIP, PublicIPv4, PublicIPv6


class HostRecords(Strict):
    """Which of a host's records are published; `false` leaves them to you."""

    address: bool = Field(default=True, description="Its addresses, A and AAAA.")
    ptr: bool = Field(default=True, description="Its name at each of its addresses.")
    spf: bool = Field(default=True, description="That its own name sends from its addresses.")
    tlsa: bool = Field(default=True, description="Its TLS keys for SMTP (DANE).")
    caa: bool = Field(
        default=True, description="That only its ACME account may get certificates for its name."
    )


class HostVariables(Strict):
    """What is said of one host of the group `mail_hosts`."""

    mail_hostname: HostName = Field(
        description="The host's full name in the public DNS: its MX name, its HELO name and its "
        "PTR record.",
        examples=["mx1.example.org"],
    )
    mail_ipv4: PublicIPv4 = Field(
        description="Its public IPv4 address. Stated, not discovered: behind NAT they differ."
    )
    mail_ipv6: PublicIPv6 | None = Field(
        default=None, description="Its public IPv6 address, where it has one."
    )
    mail_other_names: list[HostName] = Field(
        default_factory=list,
        description="Further names that the host answers to, though nothing leads there: one that "
        "is to take the place of `mail_hostname`, or one that it had before. docs/rollovers.md "
        "says how a host is renamed.",
        examples=[["mail.example.org"]],
    )
    mail_other_addresses: list[PublicIP] = Field(
        default_factory=list,
        description="Further public addresses that the host answers at and may send from, though "
        "it sends from `mail_ipv4` and `mail_ipv6`: coming ones, or former ones. "
        "docs/rollovers.md says how an address is changed.",
        examples=[["203.0.113.20"]],
    )
    mail_relay: str | None = Field(
        default=None,
        description="Through whom all that leaves this host goes, bounces and forwards too: a key "
        "of `mail_relays`. Needed where the network blocks outgoing port 25. Without it, directly.",
    )
    mail_old_senders_until: Day | None = Field(
        default=None,
        description="Through this day, port 25 takes TLS 1.0 and 1.1 and weak ciphers, too, from "
        "senders that know no better. Judges of TLS then find fault with the host. Without it, "
        "such senders come in clear, or not at all. Run site.yml once the day is over.",
        examples=["2027-01-31"],
    )
    mail_rsa_key_bits: Literal[2048, 3072] | None = Field(
        default=None,
        description="Have an RSA key of so many bits, and a certificate for it, beside the P-256 "
        "one, for peers that know no ECDSA. Read docs/certificates.md before you turn it on.",
    )
    mail_send_tls_reports: bool = Field(
        default=True,
        description="Domains that ask for it are told daily how TLS to their mail hosts went "
        "(RFC 8460). Debian 12 cannot, whatever this says.",
    )
    mail_antivirus: bool = Field(
        default=False,
        description="`true`: ClamAV looks into every message, and one with a virus is refused, "
        "from our accounts too. It takes some 2 GiB of memory more: read docs/filtering.md first.",
    )
    mail_records: HostRecords = Field(
        default_factory=HostRecords, description="Which of the host's records are published."
    )
