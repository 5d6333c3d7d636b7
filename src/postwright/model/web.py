"""What a domain's host says over HTTPS: its MTA-STS policy, and settings for mail programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from .inventory import Domain, Host, Inventory


@dataclass(frozen=True)
class Policy:
    """An MTA-STS policy (RFC 8461 3.2), line by line."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The policy as it is served."""
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def untried(self) -> Policy:
        """The same before anything is proven: whoever fails to reach us reports it."""
        lines = ("mode: testing" if line.startswith("mode: ") else line for line in self.lines)
        return Policy(tuple(lines))


POLICY_FOLDER = "/var/lib/postwright/mta-sts"
"""Where a host keeps the policies that it serves, as DOMAIN.txt."""


def policy_file(domain: str) -> str:
    """Return where a domain's policy lies on the host that serves it."""
    return f"{POLICY_FOLDER}/{domain}.txt"


def policy_ids(digests: str) -> dict[str, str]:
    """Return each domain's id from what sha256sum(1) says of the policies that a host serves.

    An id is another one exactly when the policy is another; RFC 8461 3.1 allows 32 letters and
    digits.
    """
    pairs = (line.split(maxsplit=1) for line in digests.splitlines())
    return {PurePosixPath(path).stem: digest[:32] for digest, path in pairs}


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
    # While it moves, who has the old MX in cache goes on to the old host.
    taking = (*domain.serving, *domain.backup_mx)
    # And its other names, always in one order: a host that takes another of its names for its own
    # changes no policy.
    names = (each for name in taking for each in sorted(inventory.hosts[name].names))
    exchangers = (f"mx: {name}" for name in names)
    return Policy(
        ("version: STSv1", f"mode: {asked.mode}", *exchangers, f"max_age: {asked.max_age}")
    )
