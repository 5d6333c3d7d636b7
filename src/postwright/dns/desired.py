"""What the inventory wants in DNS. Beside the making of drivers, all here that knows the model.

SPF names addresses (`ip4`, `ip6`), not host names: they cost no look-up (RFC 7208 4.6.4 allows ten)
and hold while DNS fails; they come from the same inventory as the A records, so they cannot part.
A domain's SPF ends in `~all`: it has DMARC, whose verdict also hears DKIM, while `-all` makes some
receivers refuse forwarded mail before they look at the signature (RFC 7489 10.1). A host's own
name, which stands in HELO and behind the null sender, is never forwarded: `-all`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

from postwright.model import Domain, Host, Inventory

from .claims import Claim, Kind, Want
from .records import canonical
from .txt import encode

PREFERENCE_STEP = 10
DkimKeys = Mapping[str, Sequence["DkimKey"]]


@dataclass(frozen=True)
class DkimKey:
    """The public half of a key: `txt` is what stands at `<selector>._domainkey.<domain>`."""

    selector: str
    host: str
    txt: str


@dataclass(frozen=True)
class Request:
    """Records that stand in one zone: the one that holds `base`.

    `provider` publishes them; None means whichever provider serves the zone, `preferred` first.
    `domain` is the mail domain for whose sake, None for a host's records.
    """

    base: str
    provider: str | None
    preferred: tuple[str, ...]
    domain: str | None
    wants: tuple[Want, ...]


@dataclass(frozen=True)
class Desired:
    """All requests, and what is not known: (domain, host) without DKIM keys."""

    requests: tuple[Request, ...]
    unknown: tuple[tuple[str, str], ...]

    def held(self, claim: Claim) -> bool:
        """Return whether a claim may be wanted, though it does not stand among the wants."""
        parents = {f"_domainkey.{domain}" for domain, _ in self.unknown}
        return claim.kind is Kind.DKIM and claim.name.partition(".")[2] in parents


def desired(inventory: Inventory, dkim: DkimKeys) -> Desired:
    """Return the records that the inventory wants, of every phase."""
    requests = [
        request
        for domain in inventory.domains.values()
        for request in [_domain(inventory, domain, dkim.get(domain.name, ()))]
    ]
    for host in inventory.hosts.values():
        requests += _host(inventory, host)
    unknown = [
        (domain.name, host)
        for domain in inventory.domains.values()
        for host in domain.hosts
        if host not in {key.host for key in dkim.get(domain.name, ())}
    ]
    return Desired(tuple(requests), tuple(unknown))


def _domain(inventory: Inventory, domain: Domain, keys: Sequence[DkimKey]) -> Request:
    hosts = [inventory.hosts[name] for name in domain.hosts]
    exchangers = [
        f"{PREFERENCE_STEP * place} {host.hostname}." for place, host in enumerate(hosts, start=1)
    ]
    serving = [key for key in keys if key.host in domain.hosts]
    wants = [
        *(_txt(Kind.DKIM, f"{key.selector}._domainkey.{domain.name}", key.txt) for key in serving),
        _txt(Kind.SPF, domain.name, _spf(hosts, "~all")),
        _want(Kind.MX, domain.name, exchangers),
        _txt(Kind.DMARC, f"_dmarc.{domain.name}", _dmarc(domain)),
    ]
    return Request(domain.name, domain.dns, (), domain.name, tuple(wants))


def _host(inventory: Inventory, host: Host) -> list[Request]:
    preferred = tuple(
        dict.fromkeys(domain.dns for domain in inventory.domains_of(host.name)),
    )
    wants = [_want(Kind.A, host.hostname, [str(host.ipv4)])]
    if host.ipv6:
        wants.append(_want(Kind.AAAA, host.hostname, [str(host.ipv6)]))
    if host.hostname not in inventory.domains:
        wants.append(_txt(Kind.SPF, host.hostname, _spf([host], "-all")))
    pointers = [
        (address.reverse_pointer, _want(Kind.PTR, address.reverse_pointer, [f"{host.hostname}."]))
        for address in _addresses(host)
    ]
    return [
        Request(host.hostname, None, preferred, None, tuple(wants)),
        *(Request(name, None, preferred, None, (pointer,)) for name, pointer in pointers),
    ]


def _spf(hosts: Sequence[Host], last: str) -> str:
    found = [f"ip{ip.version}:{ip}" for host in hosts for ip in _addresses(host)]
    return " ".join(["v=spf1", *found, last])


def _dmarc(domain: Domain) -> str:
    """Return the policy, stated for all: RFC 7489 and RFC 9989 then read it alike."""
    policy = domain.dmarc.policy
    tags = [f"v=DMARC1; p={policy}; sp={policy}; np={policy}"]
    if domain.dmarc.reports_to:
        # RFC 6068 2 for the URI; a DMARC URI has "," and "!" encoded besides (RFC 7489 6.2).
        tags.append(f"rua=mailto:{quote(domain.dmarc.reports_to, safe='@.+-_')}")
    return "; ".join(tags)


def _addresses(host: Host) -> list[IPv4Address | IPv6Address]:
    return [host.ipv4, *([host.ipv6] if host.ipv6 else [])]


def _txt(kind: Kind, name: str, text: str) -> Want:
    return Want(Claim(kind, name), (encode(text.encode()),))


def _want(kind: Kind, name: str, values: Sequence[str]) -> Want:
    claim = Claim(kind, name)
    return Want(claim, tuple(canonical(claim.rule.type, value) for value in values))
