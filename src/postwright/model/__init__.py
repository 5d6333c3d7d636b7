"""The inventory, typed: what an operator may write, what is refused, what is derived from it."""

from .derive import Mail, derive, mail_for_verify
from .inventory import Domain, Host, Inventory, Provider
from .load import load
from .problems import InventoryError, Problem
from .schema import Account, Dmarc
from .variables import load_from_ansible
from .web import mta_sts_name, policy, web_host, web_names

__all__ = [
    "Account",
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
    "mta_sts_name",
    "policy",
    "web_host",
    "web_names",
]
