"""Which account is meant, and which hosts serve it."""

from __future__ import annotations

from postwright.dns.errors import DnsError
from postwright.model import Domain, Inventory
from postwright.model.findings import choose


def account(inventory: Inventory, written: str) -> tuple[str, Domain]:
    """Return an account's address and its domain.

    Raises:
        DnsError: the inventory has no such account.
    """
    local, at, name = written.lower().rpartition("@")
    name = _ascii(name)
    served = {key: each for key, each in inventory.domains.items() if each.hosts}
    if not at or name not in served:
        what = f"is no mail domain that our hosts serve: {name}" if at else "is not an address"
        mend = choose(name, served, "write it in full: name@example.org")
        raise DnsError(f"{written}: {what}", mend)
    domain = served[name]
    if local in domain.accounts:
        return f"{local}@{name}", domain
    if local in domain.aliases:
        targets = ", ".join(map(domain.address, domain.aliases[local]))
        raise DnsError(f"{written} is an alias, and nobody logs in as one", f"it is for {targets}")
    known = [f"{each}@{name}" for each in domain.accounts]
    raise DnsError(f"{written} is no account", choose(f"{local}@{name}", known, "see mail_domains"))


def _ascii(name: str) -> str:
    """Return a domain's name as the model has it; what is no name is found nowhere."""
    from pydantic_core import PydanticCustomError

    from postwright.model.types import domain_name

    try:
        return domain_name(name)
    except PydanticCustomError:
        return name
