"""What the lab's other organisation, peer.test, promises of its TLS for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from labkit import on
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.plan import Change
from postwright.dns.records import Slot

T = TypeVar("T")

FRIEND = "friend@peer.test"
# One sender on each release.
SENDERS = {"mx1": "hanako@beta.test", "mx2": "saburo@gamma.test"}
TLSA = Slot("_25._tcp.peer.peer.test", "TLSA")
# A policy outlives its record until its time is over; nothing but the store ends it before.
FORGET_POLICIES = (
    "systemctl stop postwright-tls-policy;"
    " rm /var/lib/private/postwright-tls-policy/policies.sqlite;"
    " systemctl start postwright-tls-policy"
)
_PUBLIC_KEY = (
    "openssl x509 -in /etc/ssl/private/peer.pem -noout -pubkey"
    " | openssl pkey -pubin -outform DER | sha256sum"
)


def zone_of(facts: dict[str, Any]) -> Rfc2136:
    """Return the way to change peer.test's records."""
    tsig, address = facts["tsig"], facts["hosts"]["ns1"]["ipv4"]
    return Rfc2136(Server("lab", address, 53, tsig["name"], tsig["algorithm"], tsig["secret"]))


def fingerprint() -> str:
    """Return the SHA-256 of the key that peer serves on port 25, as a TLSA record 3 1 1 has it."""
    return on("peer", "sh", "-c", _PUBLIC_KEY).split()[0]


def everywhere(do: Callable[[str], T]) -> dict[str, T]:
    """Do something on each sending host at once, and return what came of it by host."""
    with ThreadPoolExecutor(len(SENDERS)) as pool:
        return dict(zip(SENDERS, pool.map(do, SENDERS), strict=True))


def forget() -> None:
    """Have all ask again what they know of peer.test, as they do after its TTL.

    Each smtp(8) process keeps policies and TLSA records, too.
    """
    flush = "unbound-control -q flush_zone peer.test"
    on("ns1", *flush.split())
    everywhere(lambda host: on(host, "sh", "-ec", f"{flush}; postfix reload"))


@contextmanager
def published(zone: Rfc2136, records: dict[Slot, str]) -> Iterator[None]:
    """Have peer.test hold these records for a while."""
    zone.apply("peer.test", [Change(slot, 60, (), (), (v,)) for slot, v in records.items()])
    forget()
    try:
        yield
    finally:
        zone.apply("peer.test", [Change(slot, 60, (v,), (v,), ()) for slot, v in records.items()])
        forget()
