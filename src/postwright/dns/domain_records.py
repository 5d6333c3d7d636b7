"""The records of a mail domain, parked or not.

SPF names addresses (`ip4`, `ip6`), not host names: they cost no look-up (RFC 7208 4.6.4 allows ten)
and hold while DNS fails; they come from the same inventory as the A records, so they cannot part.
A domain's SPF ends in `~all`: it has DMARC, whose verdict also hears DKIM, while `-all` makes some
receivers refuse forwarded mail before they look at the signature (RFC 7489 10.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from postwright.model import (
    Domain,
    Host,
    Inventory,
    mta_sts_name,
    policy,
    web_host,
    web_names,
)

from .claims import Claim, Kind, Want
from .facts import DkimKey, Facts, HostFacts
from .profile_records import profile_records, profile_spf
from .wants import Records, address_wants, caa, spf, txt_want, want

PREFERENCE_STEP = 10

# RFC 6186 3.4: a target of "." says that a service is not offered; of IMAP and POP3, a program
# that knows both takes the one with the lower priority.
NOT_OFFERED = "0 0 0 ."
_OFFERED = {"_submissions": 465, "_imaps": 993, "_pop3s": 995, "_sieve": 4190}
_LESS_PREFERRED = {"_pop3s": PREFERENCE_STEP // 2}
_CLEAR = ("_imap", "_pop3")


def domain_records(
    inventory: Inventory, domain: Domain, keys: Sequence[DkimKey], facts: Facts
) -> Records:
    """Return what stands at and below a mail domain."""
    if domain.parked:
        return Records(_parked(domain))
    switches, name = domain.records, domain.name
    hosts = [inventory.hosts[host] for host in domain.hosts]
    records = Records()
    if switches.dkim:
        records.wants += [
            txt_want(Kind.DKIM, f"{key.selector}._domainkey.{name}", key.txt)
            for key in keys
            if key.host in domain.serving
        ]
    if switches.spf:
        records.wants.append(txt_want(Kind.SPF, name, _spf(inventory, domain)))
    if switches.mx and hosts:
        records.wants.append(want(Kind.MX, name, _in_order(inventory.exchangers(domain))))
    records.wants += profile_records(inventory, domain)
    if switches.dmarc:
        records.wants.append(txt_want(Kind.DMARC, f"_dmarc.{name}", _dmarc(domain)))
    if switches.tls_rpt and domain.tls_reports_to:
        text = f"v=TLSRPTv1; rua={_mailto(domain.tls_reports_to)}"
        records.wants.append(txt_want(Kind.TLS_RPT, f"_smtp._tls.{name}", text))
    if switches.srv and hosts:
        records.wants += _services(inventory, name, hosts)
    if switches.caa_apex and hosts:
        caa(records, [name], hosts, facts)
    _web(records, inventory, domain, facts)
    return records


def authorisation(domain: Domain) -> Want | None:
    """Return what says that the address that gets a domain's DMARC reports takes them.

    Receivers ask for it where that address is in another organisation's domain (RFC 7489 7.1,
    RFC 9990 4); that one domain lies below the other means one organisation.
    """
    if not domain.records.dmarc or domain.dmarc.reports_to is None:
        return None
    other = domain.dmarc.reports_to.rpartition("@")[2]
    if f".{domain.name}".endswith(f".{other}") or f".{other}".endswith(f".{domain.name}"):
        return None
    return txt_want(Kind.DMARC_REPORT, f"{domain.name}._report._dmarc.{other}", "v=DMARC1;")


def _parked(domain: Domain) -> list[Want]:
    """Return what says that a domain neither takes nor sends mail (M3AAWG, Parked Domains).

    No wildcard at `*`: it would give every name of the zone records that are its owner's matter.
    """
    switches, name = domain.records, domain.name
    wants = [
        # RFC 6376 3.6.1: without a key, whatever selector is named is a revoked one.
        (switches.dkim, txt_want(Kind.DKIM, f"*._domainkey.{name}", "v=DKIM1; p=")),
        (switches.spf, txt_want(Kind.SPF, name, "v=spf1 -all")),
        (switches.mx, want(Kind.MX, name, ["0 ."])),
        (switches.dmarc, txt_want(Kind.DMARC, f"_dmarc.{name}", _dmarc(domain))),
    ]
    return [each for wanted, each in wants if wanted]


def _spf(inventory: Inventory, domain: Domain) -> str:
    """Return who sends: the hosts that send directly, and what receivers and relays ask for.

    A host behind a relay is left out: nothing of the domain comes from its address, which may be
    anybody's next week.
    """
    hosts = [inventory.hosts[name] for name in domain.serving]
    direct = [host for host in hosts if inventory.relay_of(domain, host) is None]
    return spf(direct, "~all", profile_spf(inventory, domain))


def _in_order(hosts: Sequence[Host]) -> list[str]:
    return [
        f"{PREFERENCE_STEP * place} {host.hostname}." for place, host in enumerate(hosts, start=1)
    ]


def _dmarc(domain: Domain) -> str:
    """Return the policy, stated for all: RFC 7489 and RFC 9989 then read it alike."""
    policy = domain.dmarc.policy
    tags = [f"v=DMARC1; p={policy}; sp={policy}; np={policy}"]
    if domain.dmarc.reports_to:
        tags.append(f"rua={_mailto(domain.dmarc.reports_to)}")
    return "; ".join(tags)


def _mailto(address: str) -> str:
    """Return a URI (RFC 6068 2); ",", "!" and ";" are encoded too (RFC 7489 6.2, RFC 8460 3)."""
    return f"mailto:{quote(address, safe='@.+-_')}"


def _services(inventory: Inventory, name: str, hosts: Sequence[Host]) -> list[Want]:
    """Return where mail programs find what (RFC 6186, RFC 8314 5.1, RFC 5804 1.8)."""
    ports = dict(_OFFERED)
    clear = [*_CLEAR]
    if inventory.submission_starttls:
        ports["_submission"] = 587
    else:
        clear.append("_submission")
    found = {
        service: [
            f"{PREFERENCE_STEP * place + _LESS_PREFERRED.get(service, 0)} 1 {port} {host.hostname}."
            for place, host in enumerate(hosts, start=1)
        ]
        for service, port in ports.items()
    } | {service: [NOT_OFFERED] for service in clear}
    return [
        want(Kind.SRV, f"{service}._tcp.{name}", values)
        for service, values in sorted(found.items())
    ]


def _web(records: Records, inventory: Inventory, domain: Domain, facts: Facts) -> None:
    """Add the names of a domain's documents, and the promise of a policy that is served."""
    names = web_names(domain)
    if not names:
        return
    host = web_host(inventory, domain)
    # A host that is named so has its addresses there already.
    hostnames = {each for other in inventory.hosts.values() for each in other.names}
    free = [name for name in names if name not in hostnames]
    known, at = facts.get(host.name, HostFacts()), f"_mta-sts.{domain.name}"
    # A name that moves goes to the new host once that has a certificate for it.
    old = inventory.hosts.get(domain.moves_from or "", host)
    for name in free:
        records.wants += address_wants(name, host if name in known.served else old)
    if domain.records.caa:
        caa(records, free, [host], facts)
    if policy(inventory, domain) is None:
        return
    served = mta_sts_name(domain) in known.served
    # What the record names is the policy that is served, which may not be the wanted one yet.
    if served and (found := known.policies.get(domain.name)):
        records.wants.append(txt_want(Kind.MTA_STS, at, f"v=STSv1; id={found};"))
    else:
        records.held.add(Claim(Kind.MTA_STS, at))
    if host.name in facts and not served:
        records.notes.append(
            f"{at} TXT waits until {host.name} serves https://{mta_sts_name(domain)}/ with a good "
            "certificate"
        )
