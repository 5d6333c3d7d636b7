"""What the inventory wants in DNS: whose zone which records stand in.

Beside the making of drivers, and of each name's records, all here that knows the model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from postwright.model import Domain, Inventory, web_host, web_names

from .caa import Order
from .claims import Claim, Kind, Want
from .domain_records import authorisation, domain_records
from .facts import DkimKeys, Facts, HostFacts
from .host_records import host_records, pointers


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
    """All requests, and what is not known.

    `unknown` are (domain, host) without DKIM keys; `unready` are (domain, host, TLSA) of backup MX
    hosts, which have none, without TLS keys. `held_claims` further claims of which it is not
    known now what belongs there, `notes` say what waits for what. `asked` are records in other
    people's zones, which they have to publish. `orders` are the certificates that hosts need.
    `kinds` are those that this run looks at; None means all.
    """

    requests: tuple[Request, ...]
    unknown: tuple[tuple[str, str], ...]
    held_claims: frozenset[Claim] = frozenset()
    notes: tuple[str, ...] = ()
    asked: tuple[Want, ...] = ()
    orders: tuple[Order, ...] = ()
    unready: tuple[tuple[str, str, Claim], ...] = ()
    kinds: frozenset[Kind] | None = None

    def held(self, claim: Claim) -> bool:
        """Return whether a claim may be wanted, though it does not stand among the wants."""
        if self.kinds is not None and claim.kind not in self.kinds:
            return True
        parents = {f"_domainkey.{domain}" for domain, _ in self.unknown}
        unknown_key = claim.kind is Kind.DKIM and claim.name.partition(".")[2] in parents
        return unknown_key or claim in self.held_claims

    def only(self, kinds: Collection[Kind]) -> Desired:
        """Return what is wanted of some kinds of records; all others stay as they are."""
        requests = [
            replace(each, wants=tuple(want for want in each.wants if want.claim.kind in kinds))
            for each in self.requests
        ]
        return Desired(
            tuple(each for each in requests if each.wants),
            self.unknown,
            self.held_claims,
            kinds=frozenset(kinds),
        )


def desired(inventory: Inventory, dkim: DkimKeys, facts: Facts | None = None) -> Desired:
    """Return the records that the inventory wants, of every phase.

    What only hosts know comes from `dkim` and `facts`; what is not known there is held.
    """
    known = facts or {}
    requests, asked = _authorisations(inventory)
    of_domains = {
        domain.name: domain_records(inventory, domain, dkim.get(domain.name, ()), known)
        for domain in inventory.domains.values()
    }
    of_hosts = {
        (host.name, name): host_records(inventory, host, name, known)
        for host in inventory.hosts.values()
        for name in host.names
    }
    requests += [
        Request(name, inventory.domains[name].dns, (), name, tuple(found.wants))
        for name, found in of_domains.items()
    ]
    for (host_name, name), found in of_hosts.items():
        preferred = _preferred(inventory, host_name)
        requests.append(Request(name, None, preferred, None, tuple(found.wants)))
    for host in inventory.hosts.values():
        preferred = _preferred(inventory, host.name)
        requests += [Request(p.claim.name, None, preferred, None, (p,)) for p in pointers(host)]
    every = [*of_domains.values(), *of_hosts.values()]
    unknown = [
        (domain.name, host)
        for domain in inventory.domains.values()
        for host in domain.serving
        if domain.records.dkim and host not in {key.host for key in dkim.get(domain.name, ())}
    ]
    return Desired(
        tuple(requests),
        tuple(unknown),
        frozenset(claim for found in every for claim in found.held),
        tuple(note for found in every for note in found.notes),
        tuple(asked),
        tuple(_orders(inventory, known)),
        tuple(_unready(inventory, known)),
    )


def _unready(inventory: Inventory, facts: Facts) -> Iterator[tuple[str, str, Claim]]:
    """Yield the backup MX hosts that are not known to be built, where TLSA would tell."""
    for domain in inventory.domains.values():
        for host in (inventory.hosts[name] for name in domain.backup_mx):
            if host.records.tlsa and not facts.get(host.name, HostFacts()).tls_keys:
                yield domain.name, host.name, Claim(Kind.TLSA, f"_25._tcp.{host.hostname}")


def _orders(inventory: Inventory, facts: Facts) -> Iterator[Order]:
    """Yield every name that a host gets a certificate for, where its CA is known."""
    names = [(name, host) for host in inventory.hosts.values() for name in host.names]
    for domain in inventory.domains.values():
        names += [(name, web_host(inventory, domain)) for name in web_names(domain)]
    for name, host in names:
        known = facts.get(host.name, HostFacts())
        if known.issuer:
            yield Order(name, known.issuer, known.account)


def _authorisations(inventory: Inventory) -> tuple[list[Request], list[Want]]:
    """Return where reports on one domain may go to another: in our zones, and in others'."""
    requests, asked = [], []
    for domain in inventory.domains.values():
        if (want := authorisation(domain)) is None:
            continue
        other = inventory.domains.get(_reports_at(domain))
        if other is None:
            asked.append(want)
        elif other.records.dmarc_report:
            requests.append(Request(other.name, other.dns, (), other.name, (want,)))
    return requests, asked


def _reports_at(domain: Domain) -> str:
    return (domain.dmarc.reports_to or "").rpartition("@")[2]


def _preferred(inventory: Inventory, host: str) -> tuple[str, ...]:
    """Return the providers of the domains that a host serves."""
    return tuple(dict.fromkeys(domain.dns for domain in inventory.domains_of(host)))
