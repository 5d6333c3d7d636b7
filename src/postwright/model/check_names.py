"""What must hold of the hosts' names and addresses: each belongs to one host, and stands once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from .findings import Finding, dotted
from .origin import Path

_NAMES = ("mail_hostname", "mail_other_names")
_ADDRESSES = ("mail_ipv4", "mail_ipv6", "mail_other_addresses")


def check_names(hosts: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what stands twice, and IPv6 addresses of a host that is said to have none."""
    first: dict[str, Path] = {}
    for host, variables in hosts.items():
        for value, path in _said(host, variables, (*_NAMES, *_ADDRESSES)):
            other = first.setdefault(value, path)
            if other != path:
                yield _twice(host, path, other)
        yield from _without_ipv6(host, variables)


def names_of(host: str, variables: object) -> Iterator[tuple[str, Path]]:
    """Yield each name of a host in canonical form, and where it stands."""
    return _said(host, variables, _NAMES)


def _twice(host: str, path: Path, other: Path) -> Finding:
    if other[1] == host:
        return Finding(path, f"is said twice: {dotted(other)} says it, too", "say it once")
    _, name, key, *_ = other
    return Finding(path, f"is also the {key} of {name}", "give each host its own")


def _without_ipv6(host: str, variables: object) -> Iterator[Finding]:
    """Yield other addresses of a kind that the host's daemons do not listen at."""
    if not isinstance(variables, Mapping) or variables.get("mail_ipv6") is not None:
        return
    for value, path in _said(host, variables, ("mail_other_addresses",)):
        if ":" in value:
            yield Finding(path, "is of IPv6, and the host has no mail_ipv6", "say it as mail_ipv6")


def _said(host: str, variables: object, keys: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for key in keys:
        value = variables.get(key) if isinstance(variables, Mapping) else None
        listed = value if isinstance(value, list) else [value]
        for place, each in enumerate(listed):
            if isinstance(each, str):
                path: Path = ("mail_hosts", host, key)
                yield _canonical(each), (*path, place) if listed is value else path


def _canonical(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        return value.lower().rstrip(".")
