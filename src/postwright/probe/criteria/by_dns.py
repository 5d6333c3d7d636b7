"""The criteria on DNS, for one domain: whether each is met, and what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from postwright.dns import spf

from . import certificates
from .facts import DomainFacts, Exchanger, Signed

Found = tuple[bool, str]
_STRICT = {"quarantine", "reject"}
# RFC 7489 6.4: the version first, then the policy, then `tag=value` in any order.
_DMARC_FORM = re.compile(r"v=DMARC1\s*;\s*p=\w+\s*(;\s*[a-z]+\s*=[^;]*)*;?\s*", re.IGNORECASE)
# RFC 8659 4: a property that lets nobody issue is as good as one that lets somebody.
_ISSUE = re.compile(r'\d+ issue(wild)? "', re.IGNORECASE)


def _names(items: Iterable[str]) -> str:
    return ", ".join(items) or "none"


def _ns_aaaa(facts: DomainFacts) -> Found:
    good = [server.name for server in facts.servers if server.ipv6]
    return len(good) > 1, f"with IPv6: {_names(good)}"


def _ns_reach(facts: DomainFacts) -> Found:
    failing = [
        f"{server.name} ({address}): {why}"
        for server in facts.servers
        for address, why in server.failing.items()
    ]
    asked = [address for server in facts.servers for address in server.ipv6]
    return bool(asked) and not failing, _names(failing or asked)


def _mx_aaaa(facts: DomainFacts) -> Found:
    without = [each.hostname for each in facts.exchangers if not each.ipv6]
    if without or not facts.exchangers:
        return False, f"without IPv6: {_names(without)}" if without else "no MX record"
    return True, _names(f"{e.hostname} {', '.join(e.ipv6)}" for e in facts.exchangers)


def _mx_reach(facts: DomainFacts) -> Found:
    answers = {
        seen.address: seen.trouble
        for each in facts.exchangers
        for seen in each.seen
        if seen.family == "IPv6"
    }
    expected = [address for each in facts.exchangers for address in each.ipv6]
    failing = [
        f"{address}: {answers.get(address, 'not looked at')}"
        for address in expected
        if answers.get(address, "not looked at")
    ]
    return bool(expected) and not failing, _names(failing or expected)


def _exists(signed: Iterable[tuple[str, Signed]]) -> Found:
    found = list(signed)
    bad = [f"{name}: no DS record" for name, each in found if not each.delegated]
    return bool(found) and not bad, _names(bad or [f"{name}: signed" for name, _ in found])


def _valid(signed: Iterable[tuple[str, Signed]]) -> Found:
    found = list(signed)
    bad = [f"{name}: not validated" for name, each in found if not each.valid]
    return bool(found) and not bad, _names(bad or [f"{name}: validated" for name, _ in found])


def _of_hosts(facts: DomainFacts) -> list[tuple[str, Signed]]:
    return [(each.hostname, each.signed) for each in facts.exchangers]


def _dmarc(facts: DomainFacts) -> Found:
    return len(facts.dmarc) == 1, f"{facts.dmarc_at}: {_names(facts.dmarc)}"


def tags(record: str) -> dict[str, str]:
    """Return a DMARC record's tags (RFC 7489 6.3)."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _dmarc_policy(facts: DomainFacts) -> Found:
    if len(facts.dmarc) != 1:
        return False, "no single DMARC record"
    record = facts.dmarc[0]
    if not _DMARC_FORM.fullmatch(record):
        return False, f"not well formed: {record}"
    found = tags(record)
    inherited = facts.dmarc_at != f"_dmarc.{facts.name}"
    policy = found.get("sp", found["p"]) if inherited else found["p"]
    if facts.dmarc_refused:
        return False, f"nobody says that these take reports: {_names(facts.dmarc_refused)}"
    return policy.lower() in _STRICT, record


def _dkim(facts: DomainFacts) -> Found:
    return facts.dkim, f"_domainkey.{facts.name} {'exists' if facts.dkim else 'does not exist'}"


def _spf(facts: DomainFacts) -> Found:
    return len(facts.spf) == 1, _names(facts.spf)


def _spf_policy(facts: DomainFacts) -> Found:
    if len(facts.spf) != 1:
        return False, "no single SPF record"
    if facts.spf_problems:
        return False, _names(facts.spf_problems)
    last = [term.lower() for term in spf.terms(facts.spf[0]) if spf.mechanism(term) == "all"]
    redirected = any(spf.mechanism(term) == "redirect" for term in spf.terms(facts.spf[0]))
    return (last or (["-all"] if redirected else []))[:1] in (["-all"], ["~all"]), facts.spf[0]


def _caa(facts: DomainFacts) -> Found:
    without = [each.hostname for each in facts.exchangers if not any(map(_ISSUE.match, each.caa))]
    good = [f"{each.hostname}: {_names(each.caa)}" for each in facts.exchangers]
    return bool(good) and not without, f"none for {_names(without)}" if without else _names(good)


def _records(each: Exchanger) -> list[certificates.Tlsa]:
    return certificates.usable(map(certificates.parse_tlsa, each.tlsa))


def _dane_exists(facts: DomainFacts) -> Found:
    bad = [
        f"{each.hostname}: {'not validated' if each.tlsa else 'no TLSA record'}"
        for each in facts.exchangers
        if not (_records(each) and each.tlsa_valid)
    ]
    good = [f"_25._tcp.{e.hostname}: {len(e.tlsa)} records" for e in facts.exchangers]
    return bool(good) and not bad, _names(bad or good)


def _dane_valid(facts: DomainFacts) -> Found:
    """Each chain that an address shows has to match a record, since a client gets one of them."""
    bad: list[str] = []
    good: list[str] = []
    for each in facts.exchangers:
        records = _records(each)
        for seen in each.seen:
            found = certificates.chains(seen)
            fits = [any(certificates.matches(r, chain) for r in records) for chain in found]
            (good if fits and all(fits) else bad).append(str(seen))
    if bad or not good:
        return False, f"no record matches: {_names(bad)}"
    return True, f"matched by {_names(good)}"


def _dane_rollover(facts: DomainFacts) -> Found:
    bad = []
    for each in facts.exchangers:
        records = _records(each)
        shown = [chain for seen in each.seen for chain in certificates.chains(seen)]
        if not any(certificates.other_key(record, shown) for record in records):
            bad.append(f"{each.hostname}: {len(records)} records, none for another key")
    good = [f"{e.hostname}: {' and '.join(t[:5] for t in e.tlsa)}" for e in facts.exchangers]
    return bool(good) and not bad, _names(bad or good)


BY_DOMAIN: dict[str, Callable[[DomainFacts], Found]] = {
    "ns_aaaa": _ns_aaaa,
    "ns_reach": _ns_reach,
    "mx_aaaa": _mx_aaaa,
    "mx_reach": _mx_reach,
    "dnssec_exists": lambda facts: _exists([(facts.name, facts.signed)]),
    "dnssec_valid": lambda facts: _valid([(facts.name, facts.signed)]),
    "dnssec_mx_exists": lambda facts: _exists(_of_hosts(facts)),
    "dnssec_mx_valid": lambda facts: _valid(_of_hosts(facts)),
    "dmarc": _dmarc,
    "dmarc_policy": _dmarc_policy,
    "dkim": _dkim,
    "spf": _spf,
    "spf_policy": _spf_policy,
    "caa": _caa,
    "dane_exists": _dane_exists,
    "dane_valid": _dane_valid,
    "dane_rollover": _dane_rollover,
}
"""The criteria that are judged on a domain's records, and with what its hosts show."""
