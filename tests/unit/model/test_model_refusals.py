"""Every bad inventory is refused, with a message that names key, value and mend."""

from __future__ import annotations

import pytest
from model_cases import ACCOUNT, CASES, DOTTED, SIDE_EFFECTS, A, B, Case
from model_cases_backup import BACKUP_CASES
from model_cases_backup_mx import BACKUP_MX_CASES
from model_cases_limits import LIMIT_CASES
from model_cases_moves import MOVE_CASES
from model_cases_names import NAME_CASES
from model_cases_records import PARKED, RECORD_CASES
from model_cases_relays import RELAY_CASES
from model_cases_types import TYPE_CASES
from model_samples import GONE, good, spoilt

from postwright.model import InventoryError, Problem, load

EVERY = [
    *CASES,
    *TYPE_CASES,
    *RECORD_CASES,
    *RELAY_CASES,
    *LIMIT_CASES,
    *BACKUP_CASES,
    *BACKUP_MX_CASES,
    *MOVE_CASES,
    *NAME_CASES,
]


def problems_of(*edits: tuple[str, object]) -> list[Problem]:
    """Return what is said of the good inventory after the edits."""
    with pytest.raises(InventoryError) as caught:
        load(*spoilt(*edits))
    return caught.value.problems


def test_the_good_inventory_is_accepted() -> None:
    assert sorted(load(*good()).domains) == ["alpha.test", "beta.test", "gamma.test"]


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_refused_with_key_value_and_mend(case: Case) -> None:
    problems = problems_of(*case.edits)
    named = [each for each in problems if each.key == case.key and case.message in each.message]
    assert named, [str(each) for each in problems]
    assert case.mend in named[0].mend
    assert named[0].value == case.value or case.value is None


@pytest.mark.parametrize(
    "case",
    [case for case in EVERY if case.name not in SIDE_EFFECTS],
    ids=lambda case: case.name,
)
def test_one_mistake_is_one_problem(case: Case) -> None:
    assert len(problems_of(*case.edits)) == 1, [str(each) for each in problems_of(*case.edits)]


def test_all_problems_come_in_one_run() -> None:
    edits = [
        (f"{A}/dns", "nope"),
        (f"{A}/accounts/taro/password_hash", "hunter2"),
        (f"{B}/aliases/abuse", GONE),
        ("mail_hosts/mx2/mail_ipv4", "10.0.0.1"),
        ("mail_x", 1),
    ]
    assert len(problems_of(*edits)) == len(edits)


def test_a_misspelt_section_makes_no_second_problem() -> None:
    variables, hosts = good()
    domain = variables["mail_domains"]["alpha.test"]
    domain["acounts"] = domain.pop("accounts")
    with pytest.raises(InventoryError) as caught:
        load(variables, hosts)
    assert [each.key for each in caught.value.problems] == [f"{DOTTED}.acounts"]


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(InventoryError, match="mail_hosts has no host"):
        load(good()[0], {})


def test_a_required_address_may_be_account_or_forward() -> None:
    edits = [
        (f"{B}/aliases", {}),
        (f"{B}/accounts/postmaster", ACCOUNT),
        (f"{B}/forwards", {"abuse": ["abuse@peer.test"]}),
    ]
    assert load(*spoilt(*edits))


def test_a_parked_domain_needs_neither_hosts_nor_postmaster() -> None:
    domain = load(*spoilt(("mail_domains/parked.test", PARKED))).domains["parked.test"]
    assert (domain.parked, domain.hosts, domain.accounts) == (True, [], {})
