"""The zones that both contenders are given: 1,000 of 12 records, as announce publishes them.

A run of site.yml has a second stage, cutover, for which each zone is read and changed once more:
octoDNS knows no order, so that it is no part of what is compared.
"""

from __future__ import annotations

from postwright.dns.claims import Claim, Kind, Want
from postwright.dns.desired import Desired, Request
from postwright.dns.records import canonical
from postwright.dns.txt import encode

ZONES = 1000
RECORDS = 12
PROVIDER = "bench"


def names(count: int = ZONES) -> list[str]:
    """Return the zones' names."""
    return [f"d{number:04}.test" for number in range(count)]


def wants(zone: str) -> list[Want]:
    """Return the records of a zone."""
    found = []
    for host, number in (("mx1", 21), ("mx2", 22)):
        name, sender = f"{host}.{zone}", f"v=spf1 ip4:198.18.0.{number} ip6:2001:2::{number} -all"
        keys = {"r": "k=rsa; p=" + "A" * 392, "e": "k=ed25519; p=" + "B" * 44}
        found += [
            (Kind.A, name, f"198.18.0.{number}"),
            (Kind.AAAA, name, f"2001:2::{number}"),
            (Kind.SPF, name, _txt(sender)),
            *(
                (Kind.DKIM, f"{host}-202611{it}._domainkey.{zone}", _txt(f"v=DKIM1; {key}"))
                for it, key in keys.items()
            ),
        ]
    found += [
        (Kind.A, f"mta-sts.{zone}", "198.18.0.21"),
        (Kind.SPF, zone, _txt("v=spf1 ip4:198.18.0.21 ip4:198.18.0.22 ~all")),
    ]
    return [_want(kind, name, value) for kind, name, value in found]


def desired(zones: list[str]) -> Desired:
    """Return the same as Postwright takes it."""
    return Desired(
        tuple(Request(zone, PROVIDER, (), zone, tuple(wants(zone))) for zone in zones), ()
    )


def _want(kind: Kind, name: str, value: str) -> Want:
    claim = Claim(kind, name)
    return Want(claim, (canonical(claim.slot.type, value),))


def _txt(text: str) -> str:
    return encode(text.encode())
