"""The inventory, typed: what an operator may write, what is refused, what is derived from it."""

from .account_spec import Account
from .blocklist_spec import Blocklist
from .derive import Mail, derive, mail_for_verify
from .inventory import Domain, Host, Inventory
from .load import load
from .problems import InventoryError, Problem
from .schema import (
    CloudflareSpec,
    Dmarc,
    HetznerCloudSpec,
    ManualSpec,
    OctodnsSpec,
    ProviderSpec,
    Rfc2136Spec,
)
from .variables import load_from_ansible
from .web import mta_sts_name, policy, policy_file, policy_ids, web_host, web_names

__all__ = [
    "Account",
    "Blocklist",
    "CloudflareSpec",
    "Dmarc",
    "Domain",
    "HetznerCloudSpec",
    "Host",
    "Inventory",
    "InventoryError",
    "Mail",
    "ManualSpec",
    "OctodnsSpec",
    "Problem",
    "ProviderSpec",
    "Rfc2136Spec",
    "derive",
    "load",
    "load_from_ansible",
    "mail_for_verify",
    "mta_sts_name",
    "policy",
    "policy_file",
    "policy_ids",
    "web_host",
    "web_names",
]
