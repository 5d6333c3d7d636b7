"""The planner against a real server (the lab's Knot), under a label of its own.

Every test works below `dnstest-<random>.alpha.test` with an owner of its own, so that a lab that is
in use loses nothing, and deletes what it made.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import dns.name
import dns.update
import pytest

from postwright.dns import Authorities, Waiting, manifest, resolver_look
from postwright.dns.answers import wait
from postwright.dns.apply import apply
from postwright.dns.caa import Order, check
from postwright.dns.claims import Claim, Kind, Phase, Want
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.drivers.wire import Wire
from postwright.dns.errors import ConflictError, CredentialError, StalePlanError
from postwright.dns.plan import Change, Plan
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import Slot
from postwright.dns.spf_count import count
from postwright.dns.txt import decode, encode

ZONE = "alpha.test"
SPF = "v=spf1 ip4:198.18.0.99 ~all"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
FOREIGN = "google-site-verification=of-somebody-else"


@dataclass(frozen=True)
class Scratch:
    """A label in the lab's zone, an owner, and the lab's server."""

    label: str
    owner: str
    server: Server
    resolver: str

    @property
    def driver(self) -> Rfc2136:
        """A driver as a run makes it."""
        return Rfc2136(self.server)

    @property
    def slot(self) -> Slot:
        """The TXT set of the label."""
        return Slot(self.label, "TXT")

    def plan(self, *wants: Want, phase: Phase = Phase.ANNOUNCE, adopt: bool = False) -> Plan:
        """Return the plan that publishes these."""
        names = frozenset([self.label] if adopt else [])
        seen = self.driver.read(ZONE)
        task = Task(wants, self.owner, phase, NOW, names)
        return make_plan(self.server.name, seen, task)

    def put(self, *texts: str, slot: Slot | None = None) -> None:
        """Add TXT values as another program would."""
        place = slot or self.slot
        update = dns.update.UpdateMessage(ZONE)
        for text in texts:
            update.add(dns.name.from_text(place.name), 60, "TXT", text)
        assert Wire(self.server).send(update).rcode() == 0

    def values(self) -> set[bytes]:
        """Return the joined TXT values at the label."""
        return {decode(value) for value in self.driver.read(ZONE).values(self.slot)}


def want(scratch: Scratch, text: str, kind: Kind = Kind.SPF) -> Want:
    """Return a want at the scratch label."""
    return Want(Claim(kind, scratch.label), (encode(text.encode()),))


@pytest.fixture
def scratch(lab_facts: dict[str, Any]) -> Iterator[Scratch]:
    """A label that is not there, and that is gone afterwards with its claims."""
    tsig, address = lab_facts["tsig"], lab_facts["hosts"]["ns1"]["ipv4"]
    token = secrets.token_hex(4)
    server = Server(
        "lab",
        address,
        53,
        tsig["name"],
        tsig["algorithm"],
        tsig["secret"],
    )
    made = Scratch(f"dnstest-{token}.{ZONE}", f"dnstest-{token}", server, lab_facts["resolver"])
    yield made
    seen = made.driver.read(ZONE)
    claims = [v for v in seen.values(manifest.slot(ZONE)) if made.owner in v]
    gone = [(slot, found.values) for slot, found in seen.sets.items() if made.label in slot.name]
    gone.append((manifest.slot(ZONE), tuple(claims)))
    changes = [Change(slot, 60, seen.values(slot), values, ()) for slot, values in gone if values]
    made.driver.apply(ZONE, changes)
    assert made.label not in str(made.driver.read(ZONE))


def test_a_foreign_value_in_the_same_set_survives(scratch: Scratch) -> None:
    scratch.put(encode(FOREIGN.encode()))
    apply(scratch.driver, scratch.plan(want(scratch, SPF)))
    assert scratch.values() == {FOREIGN.encode(), SPF.encode()}
    apply(scratch.driver, scratch.plan(want(scratch, SPF.replace("99", "98"))))
    assert FOREIGN.encode() in scratch.values()


def test_a_second_apply_changes_nothing(scratch: Scratch) -> None:
    apply(scratch.driver, scratch.plan(want(scratch, SPF)))
    before = scratch.driver.read(ZONE)
    second = scratch.plan(want(scratch, SPF))
    assert second.changes == ()
    apply(scratch.driver, second)
    assert scratch.driver.read(ZONE) == before


def test_the_server_refuses_an_update_that_another_has_overtaken(scratch: Scratch) -> None:
    plan = scratch.plan(want(scratch, SPF))
    scratch.put(encode(FOREIGN.encode()))
    # Past the re-read, as if the other had written between it and the update.
    with pytest.raises(StalePlanError, match=r"NXRRSET|YXRRSET"):
        scratch.driver.apply(ZONE, plan.changes)
    assert scratch.values() == {FOREIGN.encode()}
    with pytest.raises(StalePlanError, match="not what the plan was made for"):
        apply(scratch.driver, plan)


def test_the_server_refuses_it_when_the_manifest_has_changed(scratch: Scratch) -> None:
    plan = scratch.plan(want(scratch, SPF))
    claim = f"postwright1 o={scratch.owner} k=mx n=elsewhere"
    scratch.put(encode(claim.encode()), slot=manifest.slot(ZONE))
    with pytest.raises(StalePlanError):
        scratch.driver.apply(ZONE, plan.changes)
    assert scratch.values() == set()


def test_a_foreign_value_in_our_place_stops_until_adopted(scratch: Scratch) -> None:
    scratch.put('"v=spf1 include:_spf.old" ".test -all"')
    with pytest.raises(ConflictError, match="adopt"):
        apply(scratch.driver, scratch.plan(want(scratch, SPF)))
    apply(scratch.driver, scratch.plan(want(scratch, SPF), adopt=True))
    assert scratch.values() == {b"v=spf1 ip4:198.18.0.99 include:_spf.old.test -all"}


@pytest.mark.parametrize(
    "value",
    [
        *("x" * length for length in (1, 254, 255, 256, 510, 511, 766)),
        'quotes " and "" and \\ and \\" and ; semicolons; v=1',
        " blanks at both ends ",
    ],
    ids=lambda value: f"{len(value)}-{value[:6].strip()}",
)
def test_txt_goes_there_and_back(scratch: Scratch, value: str) -> None:
    apply(scratch.driver, scratch.plan(want(scratch, value, Kind.DKIM)))
    assert scratch.values() == {value.encode()}
    assert scratch.plan(want(scratch, value, Kind.DKIM)).changes == ()


def test_all_authoritative_answers_are_seen(scratch: Scratch) -> None:
    apply(scratch.driver, scratch.plan(want(scratch, SPF)))
    waiting = Waiting(timeout=10)
    checked = wait({ZONE: [want(scratch, SPF)]}, Authorities([scratch.resolver]), waiting)
    assert [server.partition(" ")[0] for server in checked] == ["ns1.test"] * 2


def test_retired_records_go_with_their_claims(scratch: Scratch) -> None:
    mx = Want(Claim(Kind.MX, scratch.label), ("10 mx1.alpha.test.",))
    apply(scratch.driver, scratch.plan(mx, phase=Phase.CUTOVER))
    apply(scratch.driver, scratch.plan(phase=Phase.CUTOVER))
    assert scratch.label not in str(scratch.driver.read(ZONE))
    assert scratch.owner not in str(scratch.driver.read(ZONE))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"secret": "d3Jvbmcgc2VjcmV0"}, "BADSIG"), ({"key_name": "nobody"}, "BADKEY")],
)
def test_a_wrong_key_is_named(scratch: Scratch, wrong: dict[str, str], code: str) -> None:
    driver = Rfc2136(replace(scratch.server, **wrong))  # type: ignore[arg-type]
    with pytest.raises(CredentialError, match=rf"dns_providers\.lab\.key_secret .*{code}") as seen:
        driver.find_zone(ZONE)
    assert wrong.get("secret", scratch.server.secret) not in str(seen.value)


def test_zones_are_found_by_their_longest_match(scratch: Scratch) -> None:
    driver = scratch.driver
    assert driver.find_zone(f"a.b.{scratch.label}") == ZONE
    assert driver.find_zone("nobody.test") == "test"
    assert driver.find_zone("nobody.example") is None
    driver.probe(ZONE)


def test_a_foreign_caa_above_a_name_is_found(scratch: Scratch) -> None:
    apply(scratch.driver, scratch.plan(caa(scratch, "other.test"), phase=Phase.CUTOVER))
    look = resolver_look([scratch.resolver])
    order = Order(f"mta-sts.{scratch.label}", "acme.test")
    (error,), unsure = check([order], look)
    assert unsure == []
    assert f"the CAA at {scratch.label} does not let acme.test" in error.what


def caa(scratch: Scratch, issuer: str) -> Want:
    """Return a CAA at the scratch label."""
    return Want(Claim(Kind.CAA, scratch.label), (f'0 issue "{issuer}"',))


def test_spf_is_counted_through_the_real_dns(scratch: Scratch) -> None:
    scratch.put(encode(b"v=spf1 a:mx1.alpha.test include:peer.test -all"))
    record = f"v=spf1 include:{scratch.label} include:nobody.{ZONE} ~all"
    made = count(record, ZONE, resolver_look([scratch.resolver]))
    assert made.lookups == 5
    assert [f"nobody.{ZONE} has no SPF" in problem for problem in made.problems()] == [True]
