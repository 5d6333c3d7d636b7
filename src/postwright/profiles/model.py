"""What a profile file may say, and how its templates are filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Values = Mapping[str, tuple[str, ...]]
"""What the operator gave, by parameter; a parameter without `count` has one value."""

BUILT_IN = frozenset({"domain", "dashed"})
"""What every template may use: the mail domain, and the same with `-` for each dot."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Data):
    """What only the operator knows.

    `of`: said once for a `relay`, or for each `domain`. `pattern` is matched against the whole
    value. `count`: how many values belong there; each record that names it comes once for each.
    `default` may name the domain; `defaults` are others, by what was given of the parameter `by`.
    """

    of: Literal["relay", "domain"]
    description: str
    pattern: str
    example: str
    required: bool = False
    default: str | None = None
    by: str | None = None
    defaults: dict[str, str] = Field(default_factory=dict)
    count: int | None = None

    def fallback(self, given: Values) -> tuple[str, ...]:
        """Return the value where none was given; nothing where there is none."""
        of = given.get(self.by, ()) if self.by else ()
        found = next((self.defaults[each] for each in of if each in self.defaults), self.default)
        return () if found is None else (found,)


class Record(_Data):
    """A record; it is left out where an optional parameter that it names is not given.

    `kind` is a word of `dns.claims.Kind`, `switch` the key of a domain's `records` that turns it
    off. `value` is text for a TXT record, and presentation form for any other.
    """

    kind: str
    switch: str
    name: str
    value: str
    source: str

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters that the record names."""
        return _names(self.name) | _names(self.value)


class Relay(_Data):
    """Where a relay takes mail; `username` where it is the same for all its customers."""

    host: str
    port: int
    username: str | None = None
    source: str


class Profile(_Data):
    """Who receives for a domain (no `relay`), or sends for it.

    `spf` are the terms that the domain's own SPF record needs; none where the sender puts an
    envelope of its own around each message. `source` is the vendor's page, `verified` the day on
    which the data was last compared with it.
    """

    title: str
    source: str
    verified: date
    relay: Relay | None = None
    spf: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    records: tuple[Record, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Profile:
        """Refuse a template that names a parameter which nobody declares."""
        used = {name for text in self._templates() for name in _names(text)}
        if unknown := used - BUILT_IN - self.parameters.keys():
            raise ValueError(f"no such parameter: {', '.join(sorted(unknown))}")
        for name, parameter in self.parameters.items():
            if parameter.default is None and not re.fullmatch(parameter.pattern, parameter.example):
                raise ValueError(f"the example of {name} does not match its pattern")
        return self

    def _templates(self) -> Iterator[str]:
        yield from self.spf
        for record in self.records:
            yield from (record.name, record.value)
        if self.relay:
            yield self.relay.host

    def parameters_of(self, of: Literal["relay", "domain"]) -> dict[str, Parameter]:
        """Return what is said once for a relay, or for each domain."""
        return {name: each for name, each in self.parameters.items() if each.of == of}

    def filled_spf(self, domain: str, given: Values) -> tuple[str, ...]:
        """Return the terms for a domain's SPF record; none that names what was not given."""
        return tuple(text for term in self.spf for text in self._fill(domain, given, term))

    def filled_records(self, domain: str, given: Values) -> Iterator[tuple[Record, str, str]]:
        """Yield each record of a domain with its name and value."""
        for record in self.records:
            for name, value in self._fill_all(domain, given, (record.name, record.value)):
                yield record, name, value

    def host(self, given: Values) -> str:
        """Return the relay's host name."""
        assert self.relay is not None
        return next(self._fill("", given, self.relay.host))

    def _fill(self, domain: str, given: Values, template: str) -> Iterator[str]:
        for (text,) in self._fill_all(domain, given, (template,)):
            yield text

    def _fill_all(
        self, domain: str, given: Values, templates: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        """Yield the templates filled in, once for each value of a parameter that has several."""
        fixed = {"domain": domain, "dashed": domain.replace(".", "-")}
        values = {
            name: given.get(name) or tuple(text.format(**fixed) for text in each.fallback(given))
            for name, each in self.parameters.items()
        }
        used = {name for text in templates for name in _names(text)} - BUILT_IN
        if not all(values[name] for name in used):
            return
        for place in range(max((len(values[name]) for name in used), default=1)):
            chosen = {name: values[name][min(place, len(values[name]) - 1)] for name in used}
            yield tuple(text.format(**fixed, **chosen) for text in templates)


def _names(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)
