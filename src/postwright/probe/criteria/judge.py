"""Verdicts on a domain, one for each criterion, and on a port for clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from postwright.model import Domain, Host, Inventory
from postwright.probe.tls_look import Seen

from .by_dns import BY_DOMAIN
from .by_tls import BY_PORT, shown
from .facts import DomainFacts, Verdict
from .table import CRITERIA

NO_ROUTE = "no route from here"
_ZONES = {"ns_aaaa", "ns_reach", "dnssec_exists", "dnssec_valid"}
_HOST_ZONES = {"dnssec_mx_exists", "dnssec_mx_valid"}
_OLD_SENDERS = {"tls_version", "tls_ciphers", "tls_cipher_order", "fs_params", "kex_hash_func"}
_DANE = {"dane_exists", "dane_valid", "dane_rollover"}


def judge(facts: DomainFacts, inventory: Inventory) -> list[Verdict]:
    """Return a verdict on each criterion, in the table's order."""
    domain = inventory.domains[facts.name]
    verdicts = []
    for criterion in CRITERIA:
        ok, seen = _found(criterion.id, facts)
        waived = "" if ok else _waived(criterion.id, facts, domain, inventory)
        verdicts.append(Verdict(criterion.id, ok, seen, waived))
    return verdicts


def judge_port(seen: Seen) -> list[Verdict]:
    """Return a verdict on each criterion that any port with TLS has to meet.

    A port that could not be looked at is one miss, not fourteen; without a route it is none.
    """
    if seen.trouble == NO_ROUTE:
        return []
    if why := seen.trouble or seen.no_starttls:
        return [Verdict("tls_version", False, why)]
    return [Verdict(name, *_on_port(name, seen)) for name in BY_PORT]


def _on_port(name: str, seen: Seen) -> tuple[bool, str]:
    wrong = list(BY_PORT[name](seen))
    return not wrong, ", ".join(wrong) or shown(name, seen)


def _found(name: str, facts: DomainFacts) -> tuple[bool, str]:
    if name in BY_DOMAIN:
        return BY_DOMAIN[name](facts)
    return _at_all(facts, _starttls if name == "starttls_exists" else _criterion(name))


def _starttls(seen: Seen) -> tuple[bool, str]:
    return not seen.no_starttls, seen.no_starttls or "offered"


def _criterion(name: str) -> Callable[[Seen], tuple[bool, str]]:
    def at(seen: Seen) -> tuple[bool, str]:
        return (False, "no TLS to look at") if seen.no_starttls else _on_port(name, seen)

    return at


def _at_all(facts: DomainFacts, at: Callable[[Seen], tuple[bool, str]]) -> tuple[bool, str]:
    """Return the worst of all addresses of all mail hosts; what is alike is said once."""
    unknown = [each.hostname for each in facts.exchangers if not each.seen]
    if unknown or not facts.exchangers:
        return False, f"not looked at: {', '.join(unknown) or 'there is no MX record'}"
    looked = [seen for each in facts.exchangers for seen in each.seen if seen.trouble != NO_ROUTE]
    found = [(seen, *((False, seen.trouble) if seen.trouble else at(seen))) for seen in looked]
    bad = [f"{seen}: {text}" for seen, ok, text in found if not ok]
    good = dict.fromkeys(text for _, ok, text in found if ok)
    return bool(found) and not bad, "; ".join(bad or good) or NO_ROUTE


def _waived(name: str, facts: DomainFacts, domain: Domain, inventory: Inventory) -> str:
    """Return why a miss is none of the hosts' and of the run's faults; empty where it is."""
    return next(iter(_reasons(name, facts, domain, inventory)), "")


def _reasons(name: str, facts: DomainFacts, domain: Domain, inventory: Inventory) -> Iterator[str]:
    hosts = inventory.exchangers(domain)
    yield from _stated(name, domain, hosts)
    unknown = [facts.signed.unknown, *(each.signed.unknown for each in facts.exchangers)]
    if name in _ZONES | _HOST_ZONES:
        yield from filter(None, unknown)
        yield "whoever serves the zone decides it, not the inventory"
    unsigned = any(not each.signed.valid for each in facts.exchangers)
    if name in _DANE and unsigned:
        yield "the mail hosts' zone is not signed, or nobody here can say"
    if _unrouted(facts, "IPv6") and name == "mx_reach":
        yield NO_ROUTE
    if facts.exchangers and not _routed(facts) and name not in BY_DOMAIN:
        yield NO_ROUTE


def _stated(name: str, domain: Domain, hosts: Iterable[Host]) -> Iterator[str]:
    """Yield what the inventory itself says that makes the miss."""
    if name in {"mx_aaaa", "mx_reach"}:
        yield from (
            f"the inventory gives {host.name} no mail_ipv6" for host in hosts if host.ipv6 is None
        )
    if name == "dmarc_policy" and domain.dmarc.policy == "none":
        yield "the inventory says dmarc.policy: none"
    if name in _OLD_SENDERS:
        yield from (
            f"{host.name} takes old senders until {host.old_senders_until}: mail_old_senders_until"
            for host in hosts
            if host.takes_old_senders(date.today())
        )
    left = {"dmarc": "dmarc", "dmarc_policy": "dmarc", "dkim": "dkim", "spf": "spf"}
    left |= {"spf_policy": "spf"}
    if name in left and not getattr(domain.records, left[name]):
        yield f"the inventory leaves it to others: records.{left[name]}: false"
    at_host = dict.fromkeys(_DANE, "tlsa") | {"caa": "caa"}
    for host in hosts:
        if name in at_host and not getattr(host.records, at_host[name]):
            yield f"the inventory leaves it to others: mail_records.{at_host[name]}: false"


def _routed(facts: DomainFacts) -> list[Seen]:
    return [s for each in facts.exchangers for s in each.seen if s.trouble != NO_ROUTE]


def _unrouted(facts: DomainFacts, family: str) -> list[Seen]:
    return [
        seen
        for each in facts.exchangers
        for seen in each.seen
        if seen.trouble == NO_ROUTE and seen.family == family
    ]
