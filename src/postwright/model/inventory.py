"""The inventory after it was found good: what every other part works with."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from pydantic import BaseModel, ConfigDict, Field

from .schema import Blocklist, DomainSpec, HostRecords, ProviderSpec


class Host(BaseModel):
    """A mail host; `name` is its name in the Ansible inventory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    hostname: str
    ipv4: IPv4Address
    ipv6: IPv6Address | None
    records: HostRecords = Field(default_factory=HostRecords)


class Domain(DomainSpec):
    """A mail domain; `name` is its A-label, lower case."""

    name: str

    def address(self, target: str) -> str:
        """Return the full address of a local part or full address of this domain's entries."""
        return target if "@" in target else f"{target}@{self.name}"


class Inventory(BaseModel):
    """Everything the operator described, checked as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: dict[str, Domain]
    hosts: dict[str, Host]
    providers: dict[str, ProviderSpec]
    owner: str
    resolvers: list[str]
    blocklists: dict[str, Blocklist] | None = None
    submission_starttls: bool = False

    def domains_of(self, host_name: str) -> list[Domain]:
        """Return the domains that a host serves, by name."""
        return [domain for _, domain in sorted(self.domains.items()) if host_name in domain.hosts]
