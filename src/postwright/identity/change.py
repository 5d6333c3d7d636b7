"""May a host be called otherwise, or send from another address? Once everybody can know the new.

Others remember for a while which MX, PTR and SPF records there were, which MTA-STS policy, and that
a name was not there: three hours at most (RFC 2308 5; our own TTLs are shorter). So what is new is
said beside what is used, for that long, and what was used stays beside it for as long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

WAIT = 3 * 3600 + 300
"""Seconds after which nobody remembers what was there before; five minutes are for clocks."""
NOW = "now"
"""Stands for the time at which a record is written."""

Trouble = tuple[str, str]
"""What is wrong, and its mend."""


@dataclass(frozen=True)
class Said:
    """What the inventory says: all names, the host's own first; whence it sends; all addresses."""

    names: Sequence[str]
    senders: Sequence[str]
    addresses: Sequence[str]


@dataclass(frozen=True)
class Known:
    """What others know: the name and addresses in use, and since when each was there.

    `renamed` is when the host got its present name, None where it has had no other.
    """

    hostname: str
    renamed: float | None = None
    senders: Sequence[str] = ()
    names: Mapping[str, float] = field(default_factory=dict)
    addresses: Mapping[str, float] = field(default_factory=dict)


def troubles(said: Said, known: Known, own: Sequence[str], now: float) -> Iterator[Trouble]:
    """Yield what would change too early; `own` are the addresses on the host's interfaces."""
    if said.names[0] != known.hostname:
        yield from _renamed(said, known, now)
    elif known.renamed is not None and (soon := _time(known.renamed, now)):
        for name in sorted(known.names.keys() - set(said.names)):
            what = f"{name} was this host's name until lately, and is remembered until {soon}"
            yield what, f"leave {name} in mail_other_names until then"
    for old in known.senders:
        new = next((each for each in said.senders if _kind(each) == _kind(old)), old)
        # One that is gone already cannot be used until others know the new one.
        if new != old and old in own:
            yield from _moved(old, new, known, now)


def next_known(said: Said, known: Known | None) -> dict[str, object]:
    """Return what others know once all is published, NOW standing for the time of that."""
    before = known or Known(said.names[0])
    return {
        "hostname": said.names[0],
        "renamed": before.renamed if said.names[0] == before.hostname else NOW,
        "senders": list(said.senders),
        "names": {each: before.names.get(each, NOW) for each in said.names},
        "addresses": {each: before.addresses.get(each, NOW) for each in said.addresses},
    }


def _renamed(said: Said, known: Known, now: float) -> Iterator[Trouble]:
    old, new = known.hostname, said.names[0]
    if new not in known.names:
        yield (
            f"others know this host as {old}, and {new} would take its place at once: whoever goes "
            f"by {old} would find another certificate, or nobody",
            f"leave mail_hostname: {old}, state mail_other_names: [{new}] and run site.yml; "
            "exchange the two three hours later (docs/rollovers.md)",
        )
    elif soon := _time(known.names[new], now):
        yield (
            f"{new} cannot be this host's name before {soon}: until then some know of {old} alone",
            f"run site.yml again then; until then, leave mail_hostname: {old}",
        )
    elif old not in said.names:
        yield (
            f"others know this host as {old}, which the inventory names no more",
            f"state mail_other_names: [{old}] (docs/rollovers.md says for how long)",
        )


def _moved(old: str, new: str, known: Known, now: float) -> Iterator[Trouble]:
    key = "mail_ipv6" if _kind(old) == 6 else "mail_ipv4"
    if new not in known.addresses:
        yield (
            f"this host sends from {old}, and {new} would take its place at once: receivers would "
            "find it neither in SPF nor behind the host's name",
            f"leave {key}: {old}, state mail_other_addresses: [{new}] and run site.yml; exchange "
            "the two three hours later (docs/rollovers.md)",
        )
    elif soon := _time(known.addresses[new], now):
        yield (
            f"this host cannot send from {new} before {soon}: until then some know of {old} alone",
            f"run site.yml again then; until then, leave {key}: {old}",
        )


def _kind(address: str) -> int:
    return ip_address(address).version


def _time(since: float, now: float) -> str | None:
    """Return when the wait is over, or None where it is."""
    if now >= since + WAIT:
        return None
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(since + WAIT))
