"""What a host takes for domains whose mailboxes lie on others, and who does the same for it."""

from __future__ import annotations

from .base import Value
from .inventory import Domain, Host, Inventory


class QueuedRecipient(Value):
    """An address that exists, or '@domain' where all do.

    `leaves`: from the domain's own host, its mail goes on to other organisations.
    """

    address: str
    leaves: bool


class Queue(Value):
    """A domain whose mail a host takes while the domain's own hosts are away."""

    domain: str
    recipients: list[QueuedRecipient]


class BackupMx(Value):
    """A host that takes another one's mail while that is away; `addresses` as text."""

    names: list[str]
    addresses: list[str]


def queues(inventory: Inventory, host: Host) -> list[Queue]:
    """Return the domains that a host queues for, with every address that their hosts take."""
    return [
        Queue(
            domain=domain.name,
            recipients=[
                QueuedRecipient(address=each, leaves=_leaves(inventory, domain.hosts[0], each))
                for each in _addresses(domain)
            ],
        )
        for domain in inventory.queued_at(host.name)
    ]


def queued_by(inventory: Inventory, domains: list[Domain]) -> list[BackupMx]:
    """Return the hosts that hand on mail for domains, by their names."""
    found = {name: inventory.hosts[name] for domain in domains for name in domain.backup_mx}
    return [
        BackupMx(
            names=list(host.names),
            addresses=[str(address) for address in host.addresses],
        )
        for _, host in sorted(found.items())
    ]


def _addresses(domain: Domain) -> list[str]:
    """Return what the domain's own hosts take at RCPT TO; one that only sends is none of it."""
    receiving = (local for local, account in domain.accounts.items() if account.receive)
    found = {domain.address(local) for local in (*receiving, *domain.aliases, *domain.forwards)}
    return sorted(found | ({f"@{domain.name}"} if domain.catch_all is not None else set()))


def _leaves(inventory: Inventory, home: str, address: str) -> bool:
    """Tell whether any mail for an address leaves the host `home` (the aliases have no loops)."""
    local, _, name = address.rpartition("@")
    domain = inventory.domains.get(name)
    if domain is None or home not in domain.hosts or local in domain.forwards:
        return True
    if local in domain.accounts and domain.accounts[local].receive:
        return False
    caught = [domain.catch_all] if domain.catch_all is not None else []
    targets = domain.aliases.get(local, caught)
    return any(_leaves(inventory, home, domain.address(target)) for target in targets)
