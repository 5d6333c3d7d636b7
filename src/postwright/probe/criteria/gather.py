"""A domain's facts: DNS as a validating resolver has it, beside what the probe saw of its hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from postwright.dns import caa, spf, spf_count, txt
from postwright.dns.look import LookupFailedError
from postwright.dns.records import is_under
from postwright.dns.world import World
from postwright.dns.world.contents import look_by
from postwright.dns.world.delegation import zone_of
from postwright.probe.tls_look import Seen

from .by_dns import tags
from .facts import DomainFacts, Exchanger, NameServer, Signed


def gather(world: World, domains: Iterable[str], seen: Sequence[Seen]) -> list[DomainFacts]:
    """Return each domain's facts; `seen` is what the mail hosts answered on port 25.

    Raises:
        NotAnsweredError: no resolver answers.
    """
    by_host: dict[str, list[Seen]] = {}
    for each in seen:
        by_host.setdefault(each.hostname, []).append(each)
    return world.each(lambda name: _domain(world, name, by_host), domains)


def _domain(world: World, name: str, seen: Mapping[str, Sequence[Seen]]) -> DomainFacts:
    records = [text for text in _texts(world, name) if spf.is_record(text)]
    dmarc_at, dmarc = _dmarc(world, name)
    return DomainFacts(
        name=name,
        servers=tuple(_servers(world, zone_of(world, name))),
        signed=_signed(world, name),
        exchangers=tuple(
            _exchanger(world, hostname, seen.get(hostname, ()))
            for hostname in _exchangers(world, name)
        ),
        spf=tuple(records),
        spf_problems=tuple(_spf_problems(world, name, records)),
        dkim=world.lookup(f"_domainkey.{name}", "TXT").code == "NOERROR",
        dmarc=dmarc,
        dmarc_at=dmarc_at,
        dmarc_refused=tuple(_refused(world, name, dmarc)),
    )


def _exchangers(world: World, name: str) -> list[str]:
    found = (value.split()[1] for value in world.lookup(name, "MX").values("MX"))
    # A lone dot is the null MX of a domain that takes no mail (RFC 7505).
    return sorted({host.rstrip(".").lower() for host in found} - {""})


def _exchanger(world: World, hostname: str, seen: Sequence[Seen]) -> Exchanger:
    tlsa = world.resolve(f"_25._tcp.{hostname}", "TLSA")
    try:
        _, allowed = caa.relevant(hostname, look_by(world))
    except LookupFailedError:
        allowed = ()
    return Exchanger(
        hostname=hostname,
        ipv6=world.lookup(hostname, "AAAA").values("AAAA"),
        signed=_signed(world, hostname),
        caa=allowed,
        tlsa=tlsa.values("TLSA"),
        tlsa_valid=tlsa.authentic,
        seen=tuple(seen),
    )


def _servers(world: World, zone: str) -> Iterator[NameServer]:
    for value in world.lookup(zone, "NS").values("NS"):
        name = value.rstrip(".").lower()
        addresses = world.lookup(name, "AAAA").values("AAAA")
        replies = [(address, world.direct(address, zone, "SOA")) for address in addresses]
        failing = {address: reply.trouble for address, reply in replies if reply.code != "NOERROR"}
        yield NameServer(name, addresses, failing)


def _signed(world: World, name: str) -> Signed:
    """Return what DNSSEC says of the zone that a name lies in, by a resolver that validates."""
    if not world.resolve(".", "SOA").authentic:
        return Signed(False, False, "the resolver does not validate: dns_resolver")
    zone = zone_of(world, name)
    return Signed(
        delegated=bool(world.lookup(zone, "DS").values("DS")),
        valid=world.resolve(zone, "SOA").authentic,
    )


def _texts(world: World, name: str) -> list[str]:
    values = world.lookup(name, "TXT").values("TXT")
    return [txt.decode(value).decode("utf-8", "replace") for value in values]


def _spf_problems(world: World, name: str, records: Sequence[str]) -> list[str]:
    if len(records) != 1:
        return []
    counted = spf_count.count(records[0], name, look_by(world))
    return [*counted.problems(), *counted.unsure]


def _is_dmarc(text: str) -> bool:
    return text.lower().replace(" ", "").startswith("v=dmarc1")


def _dmarc(world: World, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the records that hold for a domain: its own, or the nearest above (RFC 9989 4.10)."""
    at = name
    while "." in at:
        if found := [text for text in _texts(world, f"_dmarc.{at}") if _is_dmarc(text)]:
            return f"_dmarc.{at}", tuple(found)
        at = at.partition(".")[2]
    return f"_dmarc.{name}", ()


def _refused(world: World, name: str, dmarc: Sequence[str]) -> Iterator[str]:
    """Yield report addresses elsewhere whose domain does not say so (RFC 7489 7.1)."""
    for record in dmarc:
        for uri in filter(None, (part.strip() for part in tags(record).get("rua", "").split(","))):
            address = unquote(uri.removeprefix("mailto:").partition("!")[0])
            host = address.rpartition("@")[2].lower()
            if is_under(name, host) or is_under(host, name):
                continue
            if not any(map(_is_dmarc, _texts(world, f"{name}._report._dmarc.{host}"))):
                yield address
