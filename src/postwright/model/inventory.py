"""The inventory after it was found good: what every other part works with."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv6Address

from pydantic import BaseModel, ConfigDict, Field

from .backup_spec import BackupSpec
from .blocklist_spec import Blocklist
from .host_spec import HostRecords
from .limits import Limits
from .relay_spec import RelaySpec
from .schema import DomainSpec, ProviderSpec
from .words import DIRECT, SELF


class Host(BaseModel):
    """A mail host; `name` is its name in the Ansible inventory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    hostname: str
    ipv4: IPv4Address
    ipv6: IPv6Address | None
    other_names: tuple[str, ...] = ()
    other_addresses: tuple[IPv4Address | IPv6Address, ...] = ()
    relay: str | None = None
    rsa_key_bits: int | None = None
    old_senders_until: date | None = None
    send_tls_reports: bool = True
    antivirus: bool = False
    records: HostRecords = Field(default_factory=HostRecords)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it answers to, its own first."""
        return (self.hostname, *self.other_names)

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """Every address that it answers at and may send from.

        In one order whichever is the main one, so that a record does not change when that does.
        """
        own = [self.ipv4, *([self.ipv6] if self.ipv6 else []), *self.other_addresses]
        return tuple(sorted(own, key=lambda each: (each.version, int(each))))

    def takes_old_senders(self, today: date) -> bool:
        """Tell whether port 25 takes more than the TLS profile on this day."""
        return self.old_senders_until is not None and today <= self.old_senders_until


class Domain(DomainSpec):
    """A mail domain; `name` is its A-label, lower case."""

    name: str

    @property
    def elsewhere(self) -> bool:
        """Whether others receive its mail."""
        return self.served_by != SELF

    @property
    def serving(self) -> tuple[str, ...]:
        """Who serves it now: its hosts, and while it moves the one that it leaves."""
        return (*self.hosts, *([self.moves_from] if self.moves_from else []))

    def address(self, target: str) -> str:
        """Return the full address of a local part or full address of this domain's entries."""
        return target if "@" in target else f"{target}@{self.name}"


class Inventory(BaseModel):
    """Everything the operator described, checked as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: dict[str, Domain]
    hosts: dict[str, Host]
    providers: dict[str, ProviderSpec]
    relays: dict[str, RelaySpec] = Field(default_factory=dict)
    owner: str
    limits: Limits = Field(default_factory=Limits)
    resolvers: list[str]
    blocklists: dict[str, Blocklist] | None = None
    submission_starttls: bool = False
    dmarc_reports: bool = False
    backup: BackupSpec | None = None

    def domains_of(self, host_name: str) -> list[Domain]:
        """Return the domains that a host serves, by name."""
        return [domain for _, domain in sorted(self.domains.items()) if host_name in domain.serving]

    def queued_at(self, host_name: str) -> list[Domain]:
        """Return the domains whose mail a host takes while their hosts are away, by name."""
        return [
            domain for _, domain in sorted(self.domains.items()) if host_name in domain.backup_mx
        ]

    def exchangers(self, domain: Domain) -> list[Host]:
        """Return who takes a domain's mail, in order of preference."""
        return [self.hosts[name] for name in (*domain.hosts, *domain.backup_mx)]

    def relay_of(self, domain: Domain, host: Host) -> str | None:
        """Return the relay through which a host sends a domain's mail; None is directly."""
        if domain.sends_through is None:
            return host.relay
        return None if domain.sends_through == DIRECT else domain.sends_through

    def relays_of(self, domain: Domain) -> list[str]:
        """Return every relay that sends for a domain."""
        found = [self.relay_of(domain, self.hosts[host]) for host in domain.serving]
        # One that is received elsewhere has no host here, and is sent by whom it says.
        if domain.elsewhere and domain.sends_through != DIRECT:
            found.append(domain.sends_through)
        return sorted({name for name in found if name is not None})
