"""What a domain's host says over HTTPS: its MTA-STS policy, and settings for mail programs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .inventory import Domain, Host, Inventory


@dataclass(frozen=True)
class Policy:
    """An MTA-STS policy (RFC 8461 3.2), line by line."""

    lines: tuple[str, ...]

    @property
    def id(self) -> str:
        """What the TXT record names it by: another one exactly when the policy is another.

        RFC 8461 3.1 allows 32 letters and digits.
        """
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:32]


def mta_sts_name(domain: Domain) -> str:
    """Return the name that serves the policy (RFC 8461 3.3)."""
    return f"mta-sts.{domain.name}"


def web_names(domain: Domain) -> tuple[str, ...]:
    """Return the names at which a domain's documents are served; the first names the certificate.

    A policy names the hosts that the MX names, so without an MX of ours there is none; and who
    receives for a domain serves it settings, and a policy if they want one.
    """
    records = domain.records
    if domain.parked or domain.elsewhere:
        return ()
    names = [mta_sts_name(domain)] if records.mta_sts and records.mx else []
    return (*names, *([f"autoconfig.{domain.name}"] if records.autoconfig else []))


def web_host(inventory: Inventory, domain: Domain) -> Host:
    """Return the one host that serves a domain's documents: the first.

    A certificate is ordered by HTTP-01 (RFC 8555 8.3): the challenge has to be answered by the
    host that ordered, so the name leads to one host alone. Senders keep a policy that they have,
    should that host be down (RFC 8461 5.1).
    """
    return inventory.hosts[domain.hosts[0]]


def policy(inventory: Inventory, domain: Domain) -> Policy | None:
    """Return a domain's MTA-STS policy, or None where it has none."""
    if mta_sts_name(domain) not in web_names(domain):
        return None
    asked = domain.mta_sts
    exchangers = (f"mx: {inventory.hosts[name].hostname}" for name in domain.hosts)
    return Policy(
        ("version: STSv1", f"mode: {asked.mode}", *exchangers, f"max_age: {asked.max_age}")
    )
