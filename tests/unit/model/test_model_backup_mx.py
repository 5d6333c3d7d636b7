"""What a backup MX takes, and which host trusts it."""

from __future__ import annotations

from model_samples import GONE, spoilt

from postwright.model import Mail, derive, load, policy

BACKED = ("mail_domains/alpha.test/backup_mx", ["mx2"])


def mail(host: str, *edits: tuple[str, object]) -> Mail:
    """Return the host's `mail` where mx2 queues for alpha.test."""
    return derive(load(*spoilt(BACKED, *edits)), host)


def recipients(value: Mail) -> dict[str, bool]:
    """Return what is queued, by address; whether it leaves."""
    return {each.address: each.leaves for queue in value.queues for each in queue.recipients}


def test_without_the_key_nothing_is_queued_and_nobody_is_trusted() -> None:
    inventory = load(*spoilt())
    assert [derive(inventory, host).queues for host in ("mx1", "mx2")] == [[], []]
    assert [derive(inventory, host).queued_by for host in ("mx1", "mx2")] == [[], []]


def test_a_backup_mx_knows_every_address_that_receives_and_no_other() -> None:
    value = mail("mx2")
    assert [queue.domain for queue in value.queues] == ["alpha.test"]
    # Not noreply, which only sends.
    assert recipients(value) == {
        "abuse@alpha.test": False,
        "archive@alpha.test": False,
        "dmarc@alpha.test": False,
        "friend@alpha.test": True,
        "jiro@alpha.test": False,
        "postmaster@alpha.test": False,
        "taro@alpha.test": False,
        "team@alpha.test": False,
    }


def test_it_serves_the_domain_in_nothing_else() -> None:
    value = mail("mx2")
    assert value.domains == value.dkim_domains == ["gamma.test"]
    assert {box.domain for box in value.mailboxes} == {"gamma.test"}
    assert {sender.address.partition("@")[2] for sender in value.senders} == {"gamma.test"}
    assert "taro@alpha.test" not in {alias.address for alias in value.aliases}


def test_its_own_host_trusts_it_and_it_trusts_nobody() -> None:
    (trusted,) = mail("mx1").queued_by
    assert (trusted.names, trusted.addresses) == (["mx2.gamma.test"], ["198.18.0.12"])
    assert (mail("mx1").queues, mail("mx2").queued_by) == ([], [])


def test_a_catch_all_takes_every_address() -> None:
    value = mail("mx2", ("mail_domains/beta.test/backup_mx", ["mx2"]))
    assert recipients(value)["@beta.test"] is False
    caught = mail("mx2", ("mail_domains/alpha.test/catch_all", "friend"))
    assert recipients(caught)["@alpha.test"] is True
    # With a catch-all, what only sends is caught as well.
    assert "noreply@alpha.test" not in recipients(caught)


def test_an_alias_leaves_where_one_of_its_targets_does() -> None:
    aliases = "mail_domains/alpha.test/aliases"
    value = mail("mx2", (f"{aliases}/out", ["taro", "mate"]), (f"{aliases}/mate", ["friend"]))
    assert recipients(value)["out@alpha.test"]
    # saburo's mailbox is on another host, as far as mx1 is concerned.
    away = ("mail_domains/gamma.test/hosts", ["mx2"])
    assert recipients(mail("mx2", away, (f"{aliases}/out", ["saburo@gamma.test"])))[
        "out@alpha.test"
    ]


def test_a_host_may_do_nothing_but_queue() -> None:
    value = mail("mx2", ("mail_domains/gamma.test", GONE))
    assert (value.domains, [queue.domain for queue in value.queues]) == ([], ["alpha.test"])
    letters = {alias.address: alias.targets for alias in value.aliases}
    assert letters["root@mx2.gamma.test"] == ["postmaster@alpha.test"]


def test_senders_that_keep_the_policy_come_to_the_backup_mx_too() -> None:
    inventory = load(*spoilt(BACKED))
    found = policy(inventory, inventory.domains["alpha.test"])
    assert found is not None
    assert found.lines[2:4] == ("mx: mx1.alpha.test", "mx: mx2.gamma.test")
