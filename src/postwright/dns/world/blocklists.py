"""Are our addresses and domains on a blocklist? Asked as RFC 5782 says, each list tested first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from pathlib import Path

from postwright.model import Blocklist

from .asking import Reply, World
from .findings import Finding

Subject = IPv4Address | IPv6Address | str
# Spamhaus answers so where it refuses the question: no list means a listing by it.
_REFUSED = IPv4Network("127.255.255.0/24")
_LISTED = IPv4Network("127.0.0.0/8")
_NEVER = {"addresses": ip_address("127.0.0.1"), "domains": "invalid"}
_ALWAYS = {"addresses": ip_address("127.0.0.2"), "domains": "test"}


def built_in() -> dict[str, Blocklist]:
    """Return the lists that are asked where the inventory names none."""
    data = tomllib.loads(Path(__file__).with_name("blocklists.toml").read_text(encoding="utf-8"))
    return {name: Blocklist.model_validate(spec) for name, spec in data.items()}


def judge(
    world: World, lists: Mapping[str, Blocklist], subjects: Sequence[Subject]
) -> list[Finding]:
    """Return who is listed, and which lists could not be asked."""
    usable: dict[str, Blocklist] = {}
    found: list[Finding] = []
    for name, spec, why in world.each(lambda it: (*it, _fault(world, it[1])), lists.items()):
        if why is None:
            usable[name] = spec
        else:
            found.append(_unusable(name, spec, why))
    questions = [
        (name, spec, subject)
        for name, spec in usable.items()
        for subject in subjects
        if _is_for(spec, subject)
    ]
    for some in world.each(lambda it: list(_one(world, *it)), questions):
        found += some
    return found


def question(spec: Blocklist, subject: Subject) -> str:
    """Return the name to look up (RFC 5782 2.1, 2.2 and 2.4)."""
    if isinstance(subject, str):
        return f"{subject}.{spec.zone}"
    reverse = subject.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    return f"{reverse}.{spec.zone}"


def refusal(spec: Blocklist, reply: Reply) -> str | None:
    """Return why a reply is no verdict, or None."""
    if not reply.good:
        return reply.trouble
    values = reply.values("A")
    for value in values:
        if IPv4Address(value) in _REFUSED or value in spec.errors:
            return f"it answers {value}: the question is refused"
        if IPv4Address(value) not in _LISTED:
            return f"it answers {value}, which is no code of a blocklist"
    return None


def _fault(world: World, spec: Blocklist) -> str | None:
    """Return why a list says nothing: each has to list one thing and must not list another."""
    always = spec.test or _ALWAYS[spec.lists]
    for subject, listed in ((always, True), (_NEVER[spec.lists], False)):
        reply = world.lookup(question(spec, subject), "A")
        if why := refusal(spec, reply):
            # A refusal of the name that is never listed is one of all questions.
            return why
        if bool(reply.values("A")) is not listed:
            return f"it {'does not list' if listed else 'lists'} {subject}, its test entry"
    return None


def _is_for(spec: Blocklist, subject: Subject) -> bool:
    if isinstance(subject, str):
        return spec.lists == "domains"
    return spec.lists == "addresses" and (subject.version == 4 or spec.ipv6)


def _one(world: World, name: str, spec: Blocklist, subject: Subject) -> Iterator[Finding]:
    reply = world.lookup(question(spec, subject), "A")
    if why := refusal(spec, reply):
        yield _unusable(name, spec, why)
    elif codes := reply.values("A"):
        yield Finding(
            "blocklist.listed",
            f"{subject} on {name} ({spec.zone})",
            f"listed: {', '.join(codes)}",
            f"find out what was sent and stop it, then ask for removal: {spec.page}",
        )


def _unusable(name: str, spec: Blocklist, why: str) -> Finding:
    return Finding(
        "blocklist.unusable",
        f"{name} ({spec.zone})",
        why,
        "ask through a resolver of your own, not a public one, or register it with the list; or "
        "leave the list out: dns_blocklists",
    )
