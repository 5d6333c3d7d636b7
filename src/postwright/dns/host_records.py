"""The records of a mail host, whatever domains it serves."""

from __future__ import annotations

from postwright.model import Host, Inventory

from .claims import Claim, Kind, Want
from .facts import Facts, HostFacts
from .wants import Records, address_wants, caa, spf, txt_want, want

TLSA_USAGE = "3 1 1"
"""DANE-EE, the public key alone, SHA-256: what RFC 7672 3.1.1 recommends."""


def host_records(inventory: Inventory, host: Host, name: str, facts: Facts) -> Records:
    """Return what stands at and below one of a host's names: the same, whether it is the first.

    So who still has, or has already, a record that leads to another name finds all there.
    """
    switches, known = host.records, facts.get(host.name, HostFacts())
    records = Records(address_wants(name, host) if switches.address else [])
    # A host's own name stands in HELO, behind the null sender and in the sender of what the host
    # forwards (SRS), which nobody else sends on under that name: -all.
    if switches.spf and name not in inventory.domains:
        records.wants.append(txt_want(Kind.SPF, name, spf([host], "-all")))
    if switches.tlsa:
        # Published in an unsigned zone, too, where nobody looks at it (RFC 7672 2.2): the day
        # that the zone is signed, it is right.
        port = f"_25._tcp.{name}"
        if known.tls_keys:
            digests = [f"{TLSA_USAGE} {digest}" for digest in known.tls_keys]
            records.wants.append(want(Kind.TLSA, port, digests))
        else:
            records.held.add(Claim(Kind.TLSA, port))
    if switches.caa:
        caa(records, [name], [host], facts)
    return records


def pointers(host: Host) -> list[Want]:
    """Return the reverse name of each of a host's addresses."""
    if not host.records.ptr:
        return []
    return [want(Kind.PTR, ip.reverse_pointer, [f"{host.hostname}."]) for ip in host.addresses]
