"""Whom the probe logs in as, and whom these logins try to pose as."""

from __future__ import annotations

from postwright.probe.run import logins


def box(address: str) -> dict[str, object]:
    """Return an account as verify sees it."""
    return {"address": address, "receives": True, "sends": True}


def test_an_account_poses_as_one_of_its_domain_and_one_of_another_however_many_there_are() -> None:
    many = [f"box{number}@{domain}" for number in range(50) for domain in ("a.test", "b.test")]
    mail = {"mailboxes": [box(address) for address in many]}
    (login,) = logins(mail, {"box7@a.test": "secret"})
    assert sorted(other.partition("@")[2] for other in login.others) == ["a.test", "b.test"]
    assert login.address not in login.others


def test_an_account_that_is_alone_poses_as_nobody_else() -> None:
    (login,) = logins({"mailboxes": [box("taro@a.test")]}, {"taro@a.test": "secret"})
    assert login.others == ()
