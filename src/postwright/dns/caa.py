"""CAA (RFC 8659): may our CA issue for a name, as things stand in DNS?"""

from __future__ import annotations

from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.CAA import CAA

from .errors import DnsError
from .look import Look, LookupFailedError

PARALLEL = 16
_METHOD = "http-01"
_KNOWN = {b"issue", b"issuewild", b"iodef", b"contactemail", b"contactphone", b"issuemail"}
_CRITICAL = 128


class ForbiddenError(DnsError):
    """A CAA record keeps our CA from issuing for `name`."""

    def __init__(self, name: str, what: str, mend: str) -> None:
        self.name = name
        super().__init__(what, mend)


@dataclass(frozen=True)
class Order:
    """A certificate's name, the CA that it will be ordered from, and our account, where known."""

    name: str
    issuer: str
    account: str | None = None


def relevant(name: str, look: Look) -> tuple[str, tuple[str, ...]]:
    """Return the first CAA set found by climbing from a name, and where (RFC 8659 3).

    Raises:
        LookupFailedError: a CA would not issue then, either.
    """
    while name:
        if values := look(name, "CAA"):
            return name, values
        name = name.partition(".")[2]
    return "", ()


def forbids(order: Order, values: Iterable[str]) -> str | None:
    """Return the value that keeps the CA from issuing, or None where it may (RFC 8659 4)."""
    found = [_parsed(value) for value in values]
    for each in found:
        if each.flags & _CRITICAL and each.tag.lower() not in _KNOWN:
            return each.to_text()
    issue = [each for each in found if each.tag.lower() == b"issue"]
    if not issue or any(_allows(each.value.decode("ascii", "replace"), order) for each in issue):
        return None
    return ", ".join(each.to_text() for each in issue)


def check(
    orders: Iterable[Order], look: Look, ours: Container[str] = ()
) -> tuple[list[ForbiddenError], list[str]]:
    """Return which orders would be refused, and which could not be judged.

    At `ours` stand records of ours: what they say of old is brought up to date before any order.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda order: _judge(order, look, ours), orders))
    wrong = [each for each in found if isinstance(each, ForbiddenError)]
    return wrong, [each for each in found if isinstance(each, str)]


def _judge(order: Order, look: Look, ours: Container[str]) -> ForbiddenError | str | None:
    """Return why an order would be refused, or why that is not known; None where all is well."""
    try:
        where, values = relevant(order.name, look)
    except LookupFailedError as error:
        return f"whether CAA lets {order.issuer} issue for {order.name}: {error}"
    if where not in ours and (value := forbids(order, values)):
        return ForbiddenError(
            order.name,
            f"no certificate can be had for {order.name}: the CAA at {where} does not let "
            f"{order.issuer} issue it: {value}",
            f'add a CAA value at {where}: 0 issue "{order.issuer}"',
        )
    return None


def _parsed(value: str) -> CAA:
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.CAA, value)
    if not isinstance(rdata, CAA):
        raise TypeError(f"dnspython made {type(rdata).__name__} of a CAA record")
    return rdata


def _allows(value: str, order: Order) -> bool:
    """Return whether an `issue` value lets the order through (RFC 8659 4.2, RFC 8657 3 and 4)."""
    issuer, *rest = (part.strip() for part in value.split(";"))
    parameters = [part.partition("=")[::2] for part in rest if part]
    accounts = [text for key, text in parameters if key.strip().lower() == "accounturi"]
    methods = [text for key, text in parameters if key.strip().lower() == "validationmethods"]
    return (
        issuer.lower() == order.issuer.lower()
        and (not accounts or order.account is None or accounts == [order.account])
        and all(_METHOD in text.split(",") for text in methods)
    )
