"""Drivers: how records are read and changed at each kind of provider.

A further driver is a class of the model's `schema`, and how it is made of that, in `_MAKERS`; one
that has to know the inventory is made in `drivers`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from postwright.model import (
    CloudflareSpec,
    HetznerCloudSpec,
    Inventory,
    ManualSpec,
    OctodnsSpec,
    ProviderSpec,
    Rfc2136Spec,
)

from .base import Capabilities, Driver, Refusal
from .rfc2136 import Rfc2136, Server

__all__ = ["Capabilities", "Driver", "Refusal", "Rfc2136", "Server", "drivers"]


def drivers(inventory: Inventory) -> dict[str, Driver]:
    """Return a driver for each provider that a mail domain uses, and for each hoster."""
    used = {domain.dns for domain in inventory.domains.values()}
    return {
        name: _made(name, spec, inventory)
        for name, spec in inventory.providers.items()
        if name in used or isinstance(spec, HetznerCloudSpec)
    }


def _made(name: str, spec: ProviderSpec, inventory: Inventory) -> Driver:
    if isinstance(spec, ManualSpec):
        return _manual(name, spec, inventory)
    if isinstance(spec, HetznerCloudSpec):
        return _hetzner_cloud(name, spec, inventory)
    return _MAKERS[type(spec)](name, spec)


def _rfc2136(name: str, spec: Rfc2136Spec) -> Driver:
    return Rfc2136(
        Server(
            name=name,
            host=spec.server,
            port=spec.port,
            key_name=spec.key_name,
            key_algorithm=spec.key_algorithm,
            secret=spec.key_secret.get_secret_value(),
        )
    )


def _cloudflare(name: str, spec: CloudflareSpec) -> Driver:
    # Its SDK takes a fifth of a second to load: only who uses it shall wait.
    from .cloudflare import Account, Cloudflare

    return Cloudflare(Account(name, spec.api_url, spec.api_token.get_secret_value()))


def _octodns(name: str, spec: OctodnsSpec) -> Driver:
    from .octodns import Account, Octodns

    return Octodns(Account(name, spec.provider_class, spec.options.get_secret_value()))


def _manual(name: str, spec: ManualSpec, inventory: Inventory) -> Driver:
    from postwright.dns.world import system_resolvers

    from .manual import Manual, Settings

    domains = tuple(each.name for each in inventory.domains.values() if each.dns == name)
    resolvers = tuple(inventory.resolvers or system_resolvers())
    folder = Path(spec.zone_files) if spec.zone_files else None
    return Manual(Settings(name, domains, resolvers, folder))


def _hetzner_cloud(name: str, spec: HetznerCloudSpec, inventory: Inventory) -> Driver:
    from postwright.dns.host_records import pointers

    from .hetzner_cloud import Account, HetznerCloud
    from .reverse import Reverse

    wanted = {
        want.claim.name: want.values for host in inventory.hosts.values() for want in pointers(host)
    }
    hoster = HetznerCloud(Account(name, spec.api_url, spec.api_token.get_secret_value()))
    return Reverse(hoster, inventory.owner, wanted)


_MAKERS: dict[type[ProviderSpec], Callable[[str, Any], Driver]] = {
    Rfc2136Spec: _rfc2136,
    CloudflareSpec: _cloudflare,
    OctodnsSpec: _octodns,
}
