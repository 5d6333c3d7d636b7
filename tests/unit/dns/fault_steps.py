"""What the fault tests do: a journey from one state to the next, broken off, and gone again.

A second run then ends in the planned state. Nothing foreign is touched, nothing doubled, and until
then no record of ours stands without its claim. The faults are counted, and told at the end of the
test output.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance_backends import SETTLED
from conformance_table import FAULTS
from dns_samples import NOW, txt, want
from name_servers import ZONE

from postwright.dns import manifest
from postwright.dns.apply import apply
from postwright.dns.claims import Kind, Phase, Want
from postwright.dns.drivers import Driver
from postwright.dns.errors import DnsError, StalePlanError
from postwright.dns.plan import Plan
from postwright.dns.planner import Task, make_plan
from postwright.dns.records import Slot, Snapshot, canonical

FOREIGN = [
    Slot(ZONE, "TXT"),
    Slot(f"www.{ZONE}", "A"),
]


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@dataclass(frozen=True)
class Journey:
    """A plan that creates, changes and deletes, and what the zone holds before and after."""

    wants: tuple[Want, ...]
    owner: str

    def plan(self, driver: Driver) -> Plan:
        """Return the plan from what the zone holds now; what is retired is due."""
        task = Task(self.wants, self.owner, Phase.CUTOVER, NOW.replace(year=2027))
        return make_plan(driver.name, driver.read(ZONE), task)


def before(owner: str) -> tuple[Want, ...]:
    return (
        want(Kind.MX, f"{owner}.{ZONE}", "10 mx.elsewhere.test."),
        want(Kind.DMARC, f"_dmarc.{owner}.{ZONE}", txt("v=DMARC1; p=none")),
        want(Kind.MX, f"gone.{owner}.{ZONE}", "10 mx.elsewhere.test."),
    )


def after(owner: str, hosts: int = 0) -> tuple[Want, ...]:
    """Return what is wanted then; `hosts` more of them make more than one batch."""
    return (
        want(Kind.MX, f"{owner}.{ZONE}", "10 mx.elsewhere.test.", "20 mx2.elsewhere.test."),
        want(Kind.DMARC, f"_dmarc.{owner}.{ZONE}", txt("v=DMARC1; p=reject")),
        *(want(Kind.MX, f"p{n}.{owner}.{ZONE}", "10 mx.elsewhere.test.") for n in range(hosts)),
    )


def quick(_: float) -> None:
    """Wait for nothing."""


def run(journey: Journey, driver: Driver) -> None:
    """Plan and apply, as a run does."""
    apply(driver, journey.plan(driver), quick)


def failing_run(journey: Journey, driver: Driver) -> str | None:
    """Run where a fault is ahead, and return the first line of what is told, if it was fatal."""
    try:
        run(journey, driver)
    except DnsError as error:
        return str(error).partition("\n")[0]
    return None


def killing(
    step: Callable[..., Any], number: int, *, sent: bool, fault: type[BaseException] = Killed
) -> Callable[..., Any]:
    """Return a step at whose `number`-th time the process dies, before or after it is done."""
    times = itertools.count(1)

    def killed(*args: Any, **more: Any) -> Any:
        now = next(times) == number
        if now and not sent:
            raise fault
        answer = step(*args, **more)
        if now:
            raise fault
        return answer

    return killed


def count(provider: str) -> None:
    """Count one fault that a second run has mended."""
    FAULTS[provider] = FAULTS.get(provider, 0) + 1


def ours(seen: Snapshot, owner: str) -> dict[Slot, list[str]]:
    """Return the sets below an owner's label, canonical."""
    return {
        slot: sorted(canonical(slot.type, value) for value in found.values)
        for slot, found in seen.sets.items()
        if f".{slot.name}".endswith(f".{owner}.{ZONE}")
    }


def every_record_has_its_claim(seen: Snapshot, owner: str) -> bool:
    claims = {claim.slot for claim in manifest.read(seen, owner).mine}
    return ours(seen, owner).keys() <= claims


def foreign(seen: Snapshot) -> list[object]:
    return [seen.sets.get(slot) for slot in FOREIGN]


def settle(journey: Journey, driver: Driver) -> None:
    """Run until nothing is left to do: BIND's transfer lags behind its own updates."""
    deadline = time.monotonic() + SETTLED
    while True:
        try:
            run(journey, driver)
        except StalePlanError:
            assert time.monotonic() < deadline
        if not journey.plan(driver).changes:
            return
        time.sleep(0.02)


def ends_as_planned(journey: Journey, driver: Driver, untouched: list[object]) -> None:
    """Run again, and see that all is as planned and nothing else was done."""
    run(journey, driver)
    seen = driver.read(ZONE)
    assert ours(seen, journey.owner) == {
        each.claim.slot: sorted(each.values) for each in journey.wants
    }
    entries = manifest.read(seen, journey.owner)
    assert entries.mine.keys() == {each.claim for each in journey.wants}
    assert all(len(texts) == 1 for texts in entries.raw.values())
    assert foreign(seen) == untouched
    assert not journey.plan(driver).changes
