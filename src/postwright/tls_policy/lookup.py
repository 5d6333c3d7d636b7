"""Validated answers from this host's own resolver (role tls_policy)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.resolver

from .decision import Host, Mx, Route, Tlsa

# Not from resolv.conf: the AD bit is to be believed from this address alone.
RESOLVER = "127.0.0.1"
# Seconds. Postfix waits for 100 for all together (socketmap_table(5), the source's default).
PATIENCE = 15
# Postfix tries five addresses (smtp_mx_address_limit), so hosts beyond these hardly matter.
_MOST_HOSTS = 16
_DIGESTS = {1: 32, 2: 64}


class Found(Enum):
    """How a question ended."""

    RECORDS = "records"
    NOTHING = "no such records"
    NO_NAME = "no such name"
    FAILED = "failed"


@dataclass(frozen=True)
class Reply:
    """An answer; `secure` says that it, or that there is none, was validated (AD, RFC 6840 5.8)."""

    found: Found
    secure: bool = False
    records: tuple[Any, ...] = ()
    name: str = ""
    why: str = ""


Ask = Callable[[str, str], Reply]


def resolver(address: str = RESOLVER) -> dns.resolver.Resolver:
    """Return a client of the host's resolver that asks whether answers were validated."""
    client = dns.resolver.Resolver(configure=False)
    client.nameservers = [address]
    client.lifetime = client.timeout = PATIENCE
    # RFC 6840 5.7: AD in a question asks for AD in the answer.
    client.flags = dns.flags.RD | dns.flags.AD
    client.use_edns(0, 0, 1232)
    return client


def ask(client: dns.resolver.Resolver, name: str, kind: str) -> Reply:
    """Return the answer to a question; never raises for what DNS can do."""
    try:
        answer = client.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN as error:
        replies = error.responses().values()  # type: ignore[no-untyped-call]
        return Reply(Found.NO_NAME, all(map(_validated, replies)))
    except dns.resolver.NoNameservers:
        return Reply(Found.FAILED, why=f"{name} {kind}: the resolver answers SERVFAIL")
    except dns.exception.DNSException as error:
        return Reply(Found.FAILED, why=f"{name} {kind}: {error}")
    secure = _validated(answer.response)
    canonical = str(answer.canonical_name).rstrip(".").lower()
    if answer.rrset is None:
        return Reply(Found.NOTHING, secure, name=canonical)
    return Reply(Found.RECORDS, secure, tuple(answer.rrset), canonical)


def route(ask: Ask, domain: str) -> Route:
    """Return what DNS says of a domain's mail hosts, looked up as RFC 7672 2.2 has it."""
    reply = ask(domain, "MX")
    if reply.found is Found.FAILED:
        return Route(Mx.FAILED, why=reply.why)
    names = [
        str(record.exchange).rstrip(".").lower()
        for record in sorted(reply.records, key=lambda record: int(record.preference))
    ]
    # RFC 7505: a single empty name. RFC 5321 5.1: without MX records the domain itself is the host.
    if reply.found is Found.NO_NAME or names == [""]:
        return Route(Mx.NO_MAIL, reply.secure)
    wanted = list(dict.fromkeys(names or [domain]))[:_MOST_HOSTS]
    with ThreadPoolExecutor(len(wanted)) as pool:
        hosts = tuple(pool.map(lambda name: mail_host(ask, name), wanted))
    return Route(Mx.FOUND, reply.secure, hosts)


def mail_host(ask: Ask, name: str) -> Host:
    """Return what TLSA records say of a host.

    They are asked for only where its addresses were validated: servers of unsigned zones that
    fail on TLSA would otherwise get no mail (RFC 7672 2.1.1, 2.2.2).
    """
    address = ask(name, "A")
    if address.found is Found.NOTHING:
        address = ask(name, "AAAA")
    if address.found is Found.FAILED:
        return Host(name, Tlsa.FAILED, address.why)
    if address.found is not Found.RECORDS:
        return Host(name, Tlsa.ABSENT)
    if not address.secure:
        return Host(name, Tlsa.NONE)
    # RFC 7672 2.2.2: at the alias's end first, then at the name itself.
    for base in dict.fromkeys((address.name, name)):
        reply = ask(f"_25._tcp.{base}", "TLSA")
        if reply.found is Found.FAILED:
            return Host(name, Tlsa.FAILED, reply.why)
        if reply.found is Found.RECORDS and reply.secure:
            fit = any(usable(r.usage, r.selector, r.mtype, r.cert) for r in reply.records)
            return Host(name, Tlsa.USABLE if fit else Tlsa.UNUSABLE)
    return Host(name, Tlsa.NONE)


def usable(usage: int, selector: int, mtype: int, data: bytes) -> bool:
    """Return whether SMTP can use a TLSA record (RFC 7672 3.1: DANE-TA and DANE-EE only)."""
    return (
        usage in {2, 3}
        and selector in {0, 1}
        and mtype in {0, 1, 2}
        and (len(data) == _DIGESTS[mtype] if mtype else bool(data))
    )


def ascii_name(text: str) -> str | None:
    """Return a domain as DNS has it (RFC 5891), or None where it can be no domain."""
    try:
        name = dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_Practical)
    except (dns.exception.DNSException, UnicodeError):
        return None
    return str(name).rstrip(".").lower() or None


def _validated(message: dns.message.Message) -> bool:
    return bool(message.flags & dns.flags.AD)
