"""The inventory, typed: what an operator may write, what is refused, what is derived from it."""

from .derive import Mail, derive, mail_for_verify
from .inventory import Domain, Host, Inventory, Provider
from .load import load
from .problems import InventoryError, Problem
from .schema import Account, Blocklist, Dmarc
from .variables import load_from_ansible

__all__ = [
    "Account",
    "Blocklist",
    "Dmarc",
    "Domain",
    "Host",
    "Inventory",
    "InventoryError",
    "Mail",
    "Problem",
    "Provider",
    "derive",
    "load",
    "load_from_ansible",
    "mail_for_verify",
]
