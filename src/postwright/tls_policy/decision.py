"""From what DNS and MTA-STS say of a domain to Postfix's TLS level (role tls_policy).

An answer is one of postconf(5), smtp_tls_policy_maps, as socketmap_table(5) carries it. No promise
is broken for another one: MTA-STS never overrides DANE (RFC 8461 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .sts import Policy

# socketmap_table(5): Postfix takes no longer answer.
_LONGEST = 100_000


class Tlsa(Enum):
    """What validated TLSA records say of an MX host (RFC 7672 2.2)."""

    USABLE = "usable"
    UNUSABLE = "none that SMTP can use"
    NONE = "none"
    FAILED = "look-up failed"
    ABSENT = "the host has no address"


@dataclass(frozen=True)
class Host:
    """An MX host; `why` says more of a failed look-up."""

    name: str
    tlsa: Tlsa
    why: str = ""


class Mx(Enum):
    """Whether a domain's mail hosts could be looked up."""

    FOUND = "found"
    NO_MAIL = "the domain takes no mail"
    FAILED = "look-up failed"


@dataclass(frozen=True)
class Route:
    """A domain's MX hosts in order of preference, and whether their list was validated."""

    mx: Mx
    secure: bool = False
    hosts: tuple[Host, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Decision:
    """What Postfix is answered, and why."""

    answer: str
    why: str


def by_dns(route: Route) -> Decision | None:
    """Return what DNS alone decides; None where MTA-STS has a say."""
    if route.mx is Mx.FAILED:
        return _held(f"its MX records cannot be had: {route.why}")
    hosts = _reachable(route)
    if route.mx is Mx.NO_MAIL or not hosts:
        return Decision("NOTFOUND ", "it has no mail host, as Postfix will find")
    if all(host.tlsa is Tlsa.FAILED for host in hosts):
        return _held(f"{hosts[0].name}: {hosts[0].why}")
    if route.secure and all(host.tlsa is Tlsa.USABLE for host in hosts):
        return Decision("OK dane-only", "every MX host has validated TLSA records")
    return None


def by_policy(route: Route, domain: str, policy: Policy | None, reports: bool) -> Decision:
    """Return what is decided for a domain that DNS alone did not decide.

    `reports`: Postfix takes the attributes for TLS reports (3.10, TLSRPT_README).
    """
    hosts = _reachable(route)
    some = any(host.tlsa is Tlsa.USABLE for host in hosts)
    if policy is None or policy.mode != "enforce":
        if some:
            # Each host by itself (RFC 7672 2.2): level `dane` verifies those that have TLSA
            # records, skips those whose look-up fails, and encrypts to the others if it can.
            return Decision("OK dane", "some MX hosts have validated TLSA records")
        said = "no MTA-STS policy" if policy is None else f"MTA-STS mode {policy.mode}"
        return Decision("NOTFOUND ", f"nothing is promised: no DANE, {said}")
    if some and route.secure:
        # `secure` would override DANE at these hosts, `dane` MTA-STS at the others.
        return Decision("OK dane-only", "MTA-STS, and some MX hosts have validated TLSA records")
    for host in hosts:
        if host.tlsa is Tlsa.FAILED:
            return _held(f"MTA-STS must not override DANE; {host.name}: {host.why}")
    return Decision(f"OK {_secure(domain, policy, reports)}", "MTA-STS mode enforce")


def _held(why: str) -> Decision:
    return Decision(f"TEMP {why}", "mail waits until DNS answers")


def _reachable(route: Route) -> list[Host]:
    return [host for host in route.hosts if host.tlsa is not Tlsa.ABSENT]


def _secure(domain: str, policy: Policy, reports: bool) -> str:
    # RFC 8461 4.1: `*.example.com` stands for names below it, as Postfix's `.example.com` does.
    match = ":".join(pattern.removeprefix("*") for pattern in policy.mx)
    words = f"secure match={match} servername=hostname"
    if reports:
        quoted = " ".join(f"{{ policy_string = {line} }}" for line in policy.lines)
        hosts = " ".join(f"mx_host_pattern={pattern}" for pattern in policy.mx)
        full = f"{words} policy_type=sts policy_domain={domain} {quoted} {hosts}"
        return full if len(full) < _LONGEST else words
    return words
