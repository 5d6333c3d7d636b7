"""What must hold across the keys of an inventory, once each value by itself is good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from postwright.profiles import receivers

from .check_names import names_of
from .findings import Finding, choose, dotted, nearest
from .origin import Path
from .schema import DomainSpec
from .sketch import Sketch

_REQUIRED = ("postmaster", "abuse")
_OF_SERVED = {
    "hosts", "backup_mx", "moves_from", "accounts", "aliases", "forwards", "catch_all", "mta_sts",
}  # fmt: skip
_OF_USED = _OF_SERVED | {
    "tls_reports_to", "served_by", "served_with", "sends_through", "sends_with"
}  # fmt: skip


def check(
    sketches: list[Sketch], hosts: Mapping[str, object], providers: Iterable[str]
) -> Iterator[Finding]:
    """Yield everything that is wrong across keys; `hosts` are the hosts' variables by name."""
    yield from _same_domain(sketches)
    # Of a domain that is written twice, only the first is looked at further.
    sketches = list({each.name: each for each in reversed(sketches)}.values())[::-1]
    yield from _references(sketches, hosts, sorted(providers))
    yield from _moves(sketches, hosts)
    yield from _parked(sketches, hosts)
    yield from _idle_hosts(sketches, hosts)
    yield from _claims(sketches)
    yield from _required(sketches)
    # Of an address that others receive for, nothing is known here: it is as any foreign one.
    book = AddressBook([sketch for sketch in sketches if not sketch.elsewhere])
    yield from _targets(sketches, book)
    yield from _forwards(sketches, book)
    yield from _loops(sketches, book)


class AddressBook:
    """Every address of the inventory, whatever domain it is in."""

    def __init__(self, sketches: list[Sketch]) -> None:
        self.domains = {sketch.name: sketch for sketch in sketches}
        self.accounts: dict[str, bool] = {}
        self.aliases: dict[str, list[tuple[str, Path]]] = {}
        self.forwards: set[str] = set()
        for sketch in sketches:
            self.accounts.update(sketch.accounts)
            self.aliases.update(sketch.aliases)
            self.forwards.update(sketch.forwards)

    def wrong(self, target: str, foreign: str) -> tuple[str, str] | None:
        """Return what is wrong with an alias target and its mend, or None.

        `foreign` is the mend for a target outside the inventory.
        """
        domain = target.rpartition("@")[2]
        sketch = self.domains.get(domain)
        if sketch is None:
            return f"{target}: {domain} is no mail domain of this inventory", foreign
        if self.accounts.get(target) is False and target not in self.aliases:
            return f"{target} only sends (receive: false)", "name an account that receives mail"
        if self.knows(target) or not sketch.whole:
            return None
        local = target.rpartition("@")[0]
        here = {claim.rpartition("@")[0]: claim for claim, _ in sketch.claims}
        elsewhere = (f"{local}@{name}" for name in sorted(self.domains))
        near = here.get(nearest(local, here) or "") or next(filter(self.knows, elsewhere), None)
        return (
            f"{target} is no account, alias or forward",
            f"did you mean {near}?" if near else f"name an address of {domain}, or add this one",
        )

    def knows(self, address: str) -> bool:
        """Return whether the address is an account, an alias or a forward."""
        return any(address in each for each in (self.accounts, self.aliases, self.forwards))

    def next(self, address: str) -> list[str]:
        """Return where an address leads, through aliases and catch-alls."""
        if address in self.aliases:
            return [target for target, _ in self.aliases[address]]
        sketch = self.domains.get(address.rpartition("@")[2])
        if sketch is None or sketch.catch_all is None:
            return []
        return [] if self.knows(address) else [sketch.catch_all[0]]


def _same_domain(sketches: list[Sketch]) -> Iterator[Finding]:
    first: dict[str, Sketch] = {}
    for sketch in sketches:
        other = first.setdefault(sketch.name, sketch)
        if other is not sketch:
            yield Finding(
                sketch.path,
                f"is the same domain as {dotted(other.path)} ({sketch.name})",
                "merge the two",
                True,
            )


def _references(
    sketches: list[Sketch], hosts: Mapping[str, object], providers: list[str]
) -> Iterator[Finding]:
    for sketch in sketches:
        for named in (sketch.hosts, sketch.backup_mx):
            yield from _named_hosts(named, hosts)
        if sketch.dns is not None and sketch.dns not in providers:
            mend = choose(sketch.dns, providers, "add it to dns_providers")
            path = (*sketch.path, "dns")
            yield Finding(path, f"{sketch.dns} is no key of dns_providers", mend)


def _named_hosts(named: list[tuple[str, Path]], hosts: Mapping[str, object]) -> Iterator[Finding]:
    seen = set()
    for name, path in named:
        if name not in hosts:
            mend = choose(name, hosts, "add the host to the group mail_hosts")
            yield Finding(path, f"{name} is no host of the group mail_hosts", mend)
        elif name in seen:
            yield Finding(path, f"{name} is named twice", "name each host once")
        seen.add(name)


def _parked(sketches: list[Sketch], hosts: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what a domain without hosts may not have, and what one with hosts must."""
    for sketch in sketches:
        idle = sketch.parked or sketch.elsewhere
        if not idle and "hosts" not in sketch.keys and sketch.keys:
            mend = f"add it: {DomainSpec.model_fields['hosts'].description}"
            yield Finding((*sketch.path, "hosts"), "is missing", mend)
        for key in sorted(sketch.keys & _OF_USED) if sketch.parked else ():
            yield Finding(
                (*sketch.path, key),
                "is for a domain with mail, and this one is parked",
                "remove it, or `parked: true`",
                True,
            )
        known = sketch.elsewhere and sketch.served_by in receivers() and not sketch.parked
        for key in sorted(sketch.keys & _OF_SERVED) if known else ():
            yield Finding(
                (*sketch.path, key),
                f"is for a domain that our hosts receive for, and {sketch.served_by} does for this",
                "remove it, or `served_by`",
                True,
            )
    reasons = {
        sketch.name: "a parked domain, which takes no mail"
        if sketch.parked
        else f"a domain that {sketch.served_by} receives for"
        for sketch in sketches
        if sketch.parked or sketch.elsewhere
    }
    for host, variables in hosts.items():
        for name, path in names_of(host, variables):
            if why := reasons.get(name):
                yield Finding(
                    path,
                    f"is {why}: neither would the host's own postmaster get any",
                    "give the host a name of its own",
                )


def _moves(sketches: list[Sketch], hosts: Mapping[str, object]) -> Iterator[Finding]:
    """Yield moves that lead nowhere: each account is on one of two hosts."""
    for sketch in sketches:
        old = sketch.moves_from
        if old is None:
            continue
        path, named = (*sketch.path, "moves_from"), [name for name, _ in sketch.hosts]
        if old not in hosts:
            mend = choose(old, hosts, "name the host that has its mailboxes now")
            yield Finding(path, f"{old} is no host of the group mail_hosts", mend)
        elif old in named:
            yield Finding(
                path,
                f"{old} is among its hosts, so nothing moves",
                f"name in hosts who takes its place, or take out moves_from if {old} keeps it",
            )
        elif len(named) > 1:
            yield Finding(path, "its mailboxes can move to one host alone", "name one in hosts")


def _idle_hosts(sketches: list[Sketch], hosts: Mapping[str, object]) -> Iterator[Finding]:
    if not hosts:
        yield Finding(
            ("mail_hosts",),
            "the group mail_hosts has no host",
            "add your mail hosts to the group mail_hosts in hosts.yml",
        )
    serving = {name for each in sketches for name, _ in (*each.hosts, *each.backup_mx)}
    serving |= {each.moves_from for each in sketches if each.moves_from}
    for host in hosts:
        if host not in serving and sketches:
            yield Finding(
                ("mail_hosts", host),
                "serves no domain",
                "name it in the hosts of a domain, or take it out of the group mail_hosts",
                True,
            )


def _claims(sketches: list[Sketch]) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for sketch in sketches:
        for address, path in sketch.claims:
            other = first.setdefault(address, path)
            if other != path:
                yield Finding(
                    path,
                    f"{address} is already claimed by {dotted(other)}",
                    "an address is an account, an alias or a forward: keep one of them",
                    True,
                )


def _required(sketches: list[Sketch]) -> Iterator[Finding]:
    for sketch in sketches:
        if not sketch.whole or sketch.parked or sketch.elsewhere:
            continue
        for local in _REQUIRED:
            address = f"{local}@{sketch.name}"
            if address in sketch.aliases or address in sketch.forwards:
                continue
            if address not in sketch.accounts:
                yield Finding(
                    (*sketch.path, "aliases"),
                    f"{address} does not exist, and RFC 2142 requires it",
                    f"add `{local}: [NAME]` to the aliases, NAME being who reads it",
                    True,
                )
            elif not sketch.accounts[address]:
                yield Finding(
                    (*sketch.path, "accounts", local, "receive"),
                    f"{address} must receive mail (RFC 2142)",
                    "remove `receive: false`",
                )


def _targets(sketches: list[Sketch], book: AddressBook) -> Iterator[Finding]:
    foreign = "an alias stays in the inventory; move this one to the domain's forwards"
    for sketch in sketches:
        for targets in sketch.aliases.values():
            for target, path in targets:
                if found := book.wrong(target, foreign):
                    yield Finding(path, *found)
        if sketch.catch_all and (
            found := book.wrong(sketch.catch_all[0], "name an account of this inventory")
        ):
            yield Finding(sketch.catch_all[1], *found)
        for reports in (sketch.reports_to, sketch.tls_reports_to):
            if reports and reports[0].rpartition("@")[2] in book.domains:
                domain = book.domains[reports[0].rpartition("@")[2]]
                if domain.catch_all is None and (found := book.wrong(reports[0], "")):
                    yield Finding(reports[1], *found)


def _forwards(sketches: list[Sketch], book: AddressBook) -> Iterator[Finding]:
    for sketch in sketches:
        for targets in sketch.forwards.values():
            for target, path in targets:
                if target.rpartition("@")[2] in book.domains:
                    yield Finding(
                        path,
                        f"{target} is served by this inventory",
                        "move this one to the domain's aliases",
                    )


def _loops(sketches: list[Sketch], book: AddressBook) -> Iterator[Finding]:
    """Yield each loop once, at the alias of the loop that is written first."""
    done: set[str] = set()
    for sketch in sketches:
        for address in sketch.aliases:
            if address in done:
                continue
            trail = _loop_from(address, book)
            if trail and not done.intersection(trail):
                local = address.rpartition("@")[0]
                path = next(path for claim, path in sketch.claims if claim == address)
                yield Finding(
                    path,
                    f"leads back to itself: {' -> '.join([*trail, address])}",
                    f"let one of them reach an account instead of {local}",
                )
                done.update(trail)


def _loop_from(start: str, book: AddressBook) -> list[str]:
    """Return the addresses of a loop that `start` is part of, from it on, or nothing."""
    paths: list[list[str]] = [[start]]
    seen = {start}
    while paths:
        trail = paths.pop()
        for target in book.next(trail[-1]):
            if target == start:
                return trail
            if target not in seen:
                seen.add(target)
                paths.append([*trail, target])
    return []
