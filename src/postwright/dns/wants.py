"""Wants in the making: canonical values, and what may be wanted though it is not known now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from postwright.certificates.directories import issuer_of
from postwright.model import Host

from .claims import Claim, Kind, Want
from .facts import Facts
from .records import canonical
from .txt import encode


@dataclass
class Records:
    """What belongs in DNS for one name's sake.

    `held` are claims of which it is not known now whether and with what they are wanted: what
    stands there stays. `notes` say why, for the operator.
    """

    wants: list[Want] = field(default_factory=list)
    held: set[Claim] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def txt_want(kind: Kind, name: str, text: str) -> Want:
    """Return a want of one TXT value."""
    return Want(Claim(kind, name), (encode(text.encode()),))


def want(kind: Kind, name: str, values: Iterable[str]) -> Want:
    """Return a want of values in presentation form."""
    claim = Claim(kind, name)
    return Want(claim, tuple(canonical(claim.rule.type, value) for value in values))


def address_wants(name: str, host: Host) -> list[Want]:
    """Return A and AAAA at a name: every address that the host answers at."""
    found = {
        kind: [str(address) for address in host.addresses if address.version == version]
        for kind, version in ((Kind.A, 4), (Kind.AAAA, 6))
    }
    return [want(kind, name, listed) for kind, listed in found.items() if listed]


def spf(hosts: Sequence[Host], last: str, others: Sequence[str] = ()) -> str:
    """Return the SPF record of whatever sends from these hosts' addresses, and of others' terms."""
    found = [f"ip{ip.version}:{ip}" for host in hosts for ip in host.addresses]
    return " ".join(["v=spf1", *found, *others, last])


def caa(records: Records, names: Iterable[str], hosts: Sequence[Host], facts: Facts) -> None:
    """Add that only these hosts' ACME accounts may get certificates for names (RFC 8657 3).

    Without a known account nothing is said: a CAA that names the CA alone would let anybody's
    account at that CA in, one of an account that is gone would lock us out. While certificates
    move from one ACME server to another, both accounts are named.
    """
    known = [facts[host.name] for host in hosts if host.name in facts]
    if not all(each.issuer for each in known):
        return
    values = {
        f'0 issue "{issuer}; accounturi={account}"'
        for each in known
        for issuer, account in (
            (each.issuer, each.account),
            *((issuer_of(at) or each.issuer, old) for at, old in each.former_accounts.items()),
        )
    }
    for name in names:
        if len(known) == len(hosts) and all(each.account for each in known):
            records.wants.append(want(Kind.CAA, name, sorted(values)))
        else:
            records.held.add(Claim(Kind.CAA, name))
