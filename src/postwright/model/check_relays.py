"""What must hold between domains, relays and the profiles of who receives and who sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from postwright.profiles import Parameter, Profile, receivers, senders

from .findings import Finding, Unrendered, choose, nearest
from .origin import Path
from .relay_spec import RelaySpec
from .sketch import Sketch
from .words import DIRECT, SELF


def check_relays(
    sketches: list[Sketch], hosts: Mapping[str, object], relays: object
) -> Iterator[Finding]:
    """Yield what is wrong; `relays` is `mail_relays` as it is written."""
    known: dict[str, Mapping[str, object]] = {
        name: spec
        for name, spec in (relays.items() if isinstance(relays, Mapping) else ())
        if isinstance(name, str) and isinstance(spec, Mapping)
    }
    for name, relay in known.items():
        yield from _relay(("mail_relays", name), relay)
    for host, variables in hosts.items():
        wanted = variables.get("mail_relay") if isinstance(variables, Mapping) else None
        if isinstance(wanted, str) and wanted not in known:
            yield _unknown_relay(("mail_hosts", host, "mail_relay"), wanted, known)
    for sketch in sketches:
        if not sketch.parked:
            yield from _receiver(sketch)
            yield from _sender(sketch, hosts, known)


def _relay(path: Path, relay: Mapping[str, object]) -> Iterator[Finding]:
    key, profiles = relay.get("profile"), senders()
    if not isinstance(key, str):
        return
    if key not in profiles:
        mend = choose(key, profiles, "")
        yield Finding((*path, "profile"), f"{key} is no profile of who sends", mend)
        return
    profile = profiles[key]
    given = {name: each for name, each in relay.items() if name not in RelaySpec.model_fields}
    own = list(RelaySpec.model_fields)
    yield from _given(path, given, profile.parameters_of("relay"), profile, own)
    if profile.relay and not profile.relay.username and "username" not in relay:
        yield Finding((*path, "username"), "is missing", "add it: the login that the relay gave")


def _receiver(sketch: Sketch) -> Iterator[Finding]:
    given, profiles = sketch.given.get("served_with"), receivers()
    path = (*sketch.path, "served_by")
    if sketch.elsewhere and sketch.served_by not in profiles:
        mend = choose(sketch.served_by, [*profiles, SELF], "")
        yield Finding(path, f"{sketch.served_by} is no profile of who receives", mend)
    elif sketch.elsewhere:
        yield from _of_domain(sketch, "served_with", profiles[sketch.served_by])
    elif given:
        mend = f"say who: `served_by`, one of {', '.join(profiles)}; or remove it"
        where = (*sketch.path, "served_with")
        yield Finding(where, "is for a domain that others receive for", mend, True)


def _sender(
    sketch: Sketch, hosts: Mapping[str, object], relays: Mapping[str, Mapping[str, object]]
) -> Iterator[Finding]:
    wanted = sketch.sends_through
    if wanted is not None and wanted != DIRECT and wanted not in relays:
        yield _unknown_relay((*sketch.path, "sends_through"), wanted, relays)
        return
    names = {wanted} if wanted is not None else set(_of_hosts(sketch, hosts))
    found = {str(relays[name].get("profile")) for name in names if name in relays}
    if not found and sketch.given.get("sends_with"):
        yield Finding(
            (*sketch.path, "sends_with"),
            "is for a domain that a relay sends for",
            "say which: `sends_through`, a key of mail_relays; or remove it",
            True,
        )
    for key in sorted(found & senders().keys())[:1]:
        yield from _of_domain(sketch, "sends_with", senders()[key])


def _of_hosts(sketch: Sketch, hosts: Mapping[str, object]) -> Iterator[str]:
    for name, _ in sketch.hosts:
        variables = hosts.get(name)
        wanted = variables.get("mail_relay") if isinstance(variables, Mapping) else None
        if isinstance(wanted, str):
            yield wanted


def _unknown_relay(path: Path, name: str, relays: Mapping[str, object]) -> Finding:
    mend = choose(name, [*relays, DIRECT] if path[-1] == "sends_through" else relays, "add it")
    return Finding(path, f"{name} is no key of mail_relays", mend)


def _of_domain(sketch: Sketch, key: str, profile: Profile) -> Iterator[Finding]:
    given = sketch.given.get(key, {})
    if isinstance(given, Mapping):
        path = (*sketch.path, key)
        wanted = profile.parameters_of("domain")
        yield from _given(path, given, wanted, profile)
        yield from _together(path, given, wanted, profile)


def _given(
    path: Path,
    given: Mapping[str, object],
    wanted: Mapping[str, Parameter],
    profile: Profile,
    others: list[str] | None = None,
) -> Iterator[Finding]:
    """Yield what of a profile's parameters is unknown, missing or not in their form."""
    for name, value in given.items():
        where = (*path, name)
        if name in wanted:
            yield from _value(where, value, wanted[name])
        else:
            known = [*wanted, *(others or ())]
            if profile.parameters.keys() & {name}:
                mend = "it is said of each domain, in sends_with"
            else:
                mend = choose(name, known, "remove it")
            yield Finding(where, f"is an unknown key for {profile.title}", mend, True)
    misspelt = {nearest(name, wanted) for name in given if name not in wanted}
    for name, parameter in wanted.items():
        if parameter.required and name not in given and name not in misspelt:
            yield Finding((*path, name), "is missing", f"add it: {_told(parameter)}")


def _value(path: Path, value: object, parameter: Parameter) -> Iterator[Finding]:
    if isinstance(value, Unrendered):
        return
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        return
    if len(values) != (parameter.count or 1):
        seen = "one value" if len(values) == 1 else f"{len(values)} values"
        needed = f"{parameter.count} are" if parameter.count else "one is"
        yield Finding(path, f"has {seen} where {needed} needed", _told(parameter))
    elif not all(re.fullmatch(parameter.pattern, each) for each in values):
        yield Finding(path, "does not look as such values do", _told(parameter))


def _together(
    path: Path, given: Mapping[str, object], wanted: Mapping[str, Parameter], profile: Profile
) -> Iterator[Finding]:
    """Yield what is missing of a record that is given in part."""
    optional = {n for n, each in wanted.items() if not each.required and each.default is None}
    found = {}
    for record in profile.records:
        needed = record.parameters & optional
        if needed & given.keys():
            for name in needed - given.keys():
                found[name] = ", ".join(sorted(needed & given.keys()))
    for name, others in sorted(found.items()):
        yield Finding((*path, name), f"is missing beside {others}", _told(wanted[name]))


def _told(parameter: Parameter) -> str:
    return f"{parameter.description} Such as {parameter.example}"
