"""Reverse names of Hetzner Cloud's addresses, by its official SDK: primary and floating IPs.

Every public address of a server is a primary IP. One of IPv6 is a network of 64 bits in which each
single address may have a name; those without one have none, while each IPv4 address has a generic
name of Hetzner's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from postwright.dns.errors import (
    AmbiguousError,
    CredentialError,
    NotServedError,
    ProviderError,
)

from .reverse import Address, Pointer

try:
    import requests
    from hcloud import APIException, Client
    from hcloud.actions import ActionFailedException, ActionTimeoutException
    from hcloud.floating_ips import BoundFloatingIP
    from hcloud.primary_ips import BoundPrimaryIP
except ImportError:
    raise ProviderError(
        "the driver hetzner_cloud needs the Python package hcloud, which is not installed where "
        "Postwright runs",
        "install it: .venv/bin/python -m pip install hcloud",
    ) from None

__all__ = ["Account", "HetznerCloud"]

Resource = BoundPrimaryIP | BoundFloatingIP

_GENERIC = ".your-server.de"
# docs.hetzner.cloud, Errors.
_TOKEN = {"unauthorized", "forbidden", "token_readonly"}


@dataclass(frozen=True)
class Account:
    """A project's settings; the token is never shown. Times in seconds."""

    name: str
    url: str
    token: str = field(repr=False)
    timeout: float = 30
    poll: float = 1


class HetznerCloud:
    """One project at Hetzner Cloud."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = Client(
            account.token,
            api_endpoint=account.url,
            application_name="postwright",
            timeout=account.timeout,
            poll_interval=account.poll,
        )
        self._lock = threading.Lock()
        self._found: list[Resource] | None = None

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._account.name

    def holds(self, address: Address) -> bool:
        """Return whether an address is one of the project's; all are listed once."""
        return any(_has(each, address) for each in self._resources())

    def read(self, address: Address) -> Pointer | None:
        """Return an address's name as it is now."""
        resource = self._resource(address)
        primary = isinstance(resource, BoundPrimaryIP)
        kind = self._client.primary_ips if primary else self._client.floating_ips
        with self._said(f"reading {address}"):
            resource = kind.get_by_id(resource.id or 0)
        for each in resource.dns_ptr or ():
            if ip_address(each["ip"]) == address and each["dns_ptr"]:
                name = each["dns_ptr"].lower().rstrip(".")
                return Pointer(name, name.endswith(_GENERIC))
        return None

    def write(self, address: Address, name: str | None) -> None:
        """Name an address, and wait until that is done: what changes is an action of its own.

        The SDK sends again what came too soon or was lost: the same name twice is no harm.
        """
        resource = self._resource(address)
        with self._said(f"naming {address}", writing=True):
            # The SDK's annotation lacks the None that its documentation has.
            action = resource.change_dns_ptr(str(address), name)  # type: ignore[arg-type]
            action.wait_until_finished()

    def _resource(self, address: Address) -> Resource:
        for each in self._resources():
            if _has(each, address):
                return each
        raise NotServedError(
            f"dns_providers.{self.name}: the project of api_token has no address {address}",
            "use a token of the project that the server is in",
        )

    def _resources(self) -> list[Resource]:
        with self._lock:
            if self._found is None:
                with self._said("listing the project's addresses"):
                    self._found = [
                        *self._client.primary_ips.get_all(),
                        *self._client.floating_ips.get_all(),
                    ]
            return self._found

    @contextmanager
    def _said(self, what: str, *, writing: bool = False) -> Iterator[None]:
        """Turn what the SDK raises into what the operator can mend; it never shows the token."""
        place = f"dns_providers.{self.name}"
        try:
            yield
        except APIException as error:
            message = error.message.replace(self._account.token, "(the token)")
            said = f"Hetzner Cloud said {error.code}: {message} ({what})"
            if error.code in _TOKEN or error.code in {401, 403}:
                raise CredentialError(
                    f"{place}.api_token was refused: {said}",
                    "make a token with Read & Write in the server's project (Hetzner Console, "
                    "Security, API tokens) and put it in the vault",
                ) from None
            if error.code == "rate_limit_exceeded":
                mend = "wait: a project has 3,600 requests an hour, one more each second"
                raise ProviderError(f"{place}: {said}", mend) from None
            server = isinstance(error.code, int) and error.code >= 500
            kind = AmbiguousError if writing and server else ProviderError
            raise kind(f"{place}: {said}", "mend what it names, then run again") from None
        except ActionFailedException as error:
            reason = error.action.error["message"] if error.action.error else "no reason"
            raise ProviderError(
                f"{place}: Hetzner Cloud did not do it: {reason} ({what})", "run again"
            ) from None
        except (ActionTimeoutException, requests.RequestException) as error:
            kind = AmbiguousError if writing else ProviderError
            raise kind(
                f"{place}: no usable answer of Hetzner Cloud: {type(error).__name__} ({what})",
                "see that this machine reaches it, and status.hetzner.com; then run again",
            ) from None


def _has(resource: Resource, address: Address) -> bool:
    """Return whether an address is a resource's, which is one address or a network of IPv6."""
    return bool(resource.ip) and address in ip_network(resource.ip or "", strict=False)
