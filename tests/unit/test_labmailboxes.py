"""What the drills hold against each other names whatever differs, and the accounts are sound."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from labfilling import message
from labmailboxes import Account, Message, accounts, difference, overlay

KEPT = Message("Sent", 7, "\\Seen", "$Forwarded", "24-Nov-2026 08:15:30 +0000", "<7@a>", "abc")
ACCOUNT = Account({"Sent": 12}, (KEPT,), ("Sent",), ("sorted", "keep;"))


def other(**changed: object) -> Account:
    """Return the account with its message changed."""
    return replace(ACCOUNT, messages=(replace(KEPT, **changed),))


def test_what_is_the_same_is_not_named() -> None:
    assert difference({"a": ACCOUNT}, {"a": replace(ACCOUNT)}) == []


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (other(uid=8), ["lost or changed: .*uid=7", "new or changed: .*uid=8"]),
        (other(flags=""), ["flags='.*Seen'", "flags=''"]),
        (other(keywords=""), ["Forwarded", "keywords=''"]),
        (other(digest="abd"), ["digest='abc'", "digest='abd'"]),
        (replace(ACCOUNT, messages=()), ["lost or changed: .*<7@a>"]),
        (replace(ACCOUNT, messages=(KEPT, KEPT)), ["came twice: .*<7@a>"]),
        (replace(ACCOUNT, validities={"Sent": 13}), ["UIDVALIDITY was .*12.*, is .*13"]),
        (replace(ACCOUNT, subscriptions=()), ["subscriptions were .*Sent"]),
        (replace(ACCOUNT, script=("", "")), ["the active script was .*sorted"]),
    ],
)
def test_each_difference_is_named(now: Account, named: list[str]) -> None:
    lines = difference({"a": ACCOUNT}, {"a": now})
    assert len(lines) == len(named)
    for line, pattern in zip(lines, named, strict=True):
        assert line.startswith("a: ")
        assert re.search(pattern, line), line


def test_an_account_that_is_gone_is_named() -> None:
    assert difference({"a": ACCOUNT}, {}) == ["a: was True, is False"]


def test_further_accounts_stand_beside_the_labs(tmp_path: Path) -> None:
    file = overlay({"mx2": 3}, tmp_path).removeprefix("@")
    domains = json.loads(Path(file).read_text(encoding="utf-8"))["mail_domains"]
    own = domains["gamma.test"]["accounts"]
    assert set(own) == {"saburo", "shiro", "user00", "user01", "user02"}
    assert own["user00"] == {"password_hash": own["saburo"]["password_hash"]}
    assert accounts("mx2", 1) == ["user00@gamma.test"]


def test_no_message_is_like_another() -> None:
    draw = random.Random(1)  # noqa: S311 - the same in each run
    made = [message("a@b.test", number, draw) for number in range(50)]
    assert len(set(made)) == 50
    assert {data.count(b"Message-ID: <") for data in made} == {1}
