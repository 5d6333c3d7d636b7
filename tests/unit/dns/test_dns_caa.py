"""Whether a CAA lets our CA issue."""

from __future__ import annotations

import pytest

from postwright.dns.caa import Order, check, forbids, relevant
from postwright.dns.look import LookupFailedError

MINE = "https://ca.test/acct/1"
ORDER = Order("mx1.alpha.test", "ca.test", MINE)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ([], True),
        (['0 issue "ca.test"'], True),
        (['0 issue "CA.test ; policy=ev"'], True),
        (['0 issue "other.test"'], False),
        (['0 issue "other.test"', '0 issue "ca.test"'], True),
        (['0 issue ";"'], False),
        (['0 issuewild ";"'], True),
        (['0 iodef "mailto:x@alpha.test"'], True),
        ([f'0 issue "ca.test; accounturi={MINE}"'], True),
        (['0 issue "ca.test; accounturi=https://ca.test/acct/2"'], False),
        (['0 issue "ca.test; validationmethods=dns-01"'], False),
        (['0 issue "ca.test; validationmethods=dns-01,http-01"'], True),
        (['128 future "x"'], False),
        (['0 future "x"'], True),
        (['128 issue "ca.test"'], True),
    ],
)
def test_a_set_allows_or_forbids(values: list[str], allowed: bool) -> None:
    assert (forbids(ORDER, values) is None) is allowed


def test_before_the_account_is_known_any_of_the_ca_will_do() -> None:
    value = '0 issue "ca.test; accounturi=https://ca.test/acct/2"'
    assert forbids(Order("mx1.alpha.test", "ca.test"), [value]) is None


def test_the_nearest_set_above_a_name_counts() -> None:
    world = {("alpha.test", "CAA"): ('0 issue "a"',), ("test", "CAA"): ('0 issue "t"',)}
    found = relevant("x.mx1.alpha.test", lambda name, kind: world.get((name, kind), ()))
    assert found == ("alpha.test", ('0 issue "a"',))
    assert relevant("mx1.beta.org", lambda *_: ()) == ("", ())


def test_zone_name_and_mend_are_named() -> None:
    values = {"alpha.test": ('0 issue "other.test"',)}
    wrong, unsure = check([ORDER], lambda name, _: values.get(name, ()))
    assert unsure == []
    assert "mx1.alpha.test: the CAA at alpha.test does not let ca.test" in wrong[0].what
    assert wrong[0].mend == 'add a CAA value at alpha.test: 0 issue "ca.test"'


def test_an_account_of_old_in_our_own_record_stops_nothing() -> None:
    values = ('0 issue "ca.test; accounturi=https://ca.test/acct/old"',)
    look = {"mx1.alpha.test": values}
    assert len(check([ORDER], lambda name, _: look.get(name, ()))[0]) == 1
    assert check([ORDER], lambda name, _: look.get(name, ()), {"mx1.alpha.test"}) == ([], [])


def test_a_failed_look_up_is_told_and_stops_nothing() -> None:
    def look(name: str, kind: str) -> tuple[str, ...]:
        raise LookupFailedError(f"{name} {kind}: timeout")

    wrong, unsure = check([ORDER], look)
    assert (wrong, len(unsure)) == ([], 1)
