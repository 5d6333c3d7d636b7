"""What holds for any inventory (hypothesis)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_samples import HASH

from postwright.model import InventoryError, derive, load

DOMAINS = ["alpha.test", "beta.test", "gamma.test"]
HOSTS = {
    "mx1": {"mail_hostname": "mx1.alpha.test", "mail_ipv4": "198.18.0.11"},
    "mx2": {"mail_hostname": "mx2.gamma.test", "mail_ipv4": "198.18.0.12"},
}
PROVIDERS = {
    "lab": {"driver": "rfc2136", "server": "198.18.0.1", "key_name": "k", "key_secret": "AAAA"}
}
NAMES = st.sampled_from(["a", "b", "c", "d"])
TARGETS = NAMES | st.builds("{}@{}".format, NAMES, st.sampled_from(DOMAINS))
ACCOUNTS = st.fixed_dictionaries(
    {"password_hash": st.just(HASH)}, optional={"receive": st.booleans(), "send": st.booleans()}
)


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    """Draw variables of the right types; whether they fit together is left to chance."""
    domains = {}
    for name, hosts in zip(DOMAINS, (["mx1"], ["mx1", "mx2"], ["mx2"]), strict=True):
        accounts = draw(st.dictionaries(NAMES, ACCOUNTS, min_size=1, max_size=3))
        aliases = draw(
            st.dictionaries(NAMES, st.lists(TARGETS, min_size=1, max_size=2), max_size=2)
        )
        free = {key: value for key, value in aliases.items() if key not in accounts}
        domains[name] = {
            "hosts": hosts,
            "dns": "lab",
            "accounts": accounts | {"postmaster": {"password_hash": HASH}},
            "aliases": {**free, "abuse": ["postmaster"]},
        }
        if draw(st.booleans()):
            domains[name]["catch_all"] = draw(TARGETS)
    return {"mail_domains": domains, "dns_providers": PROVIDERS}


@settings(max_examples=300, deadline=None)
@given(inventories())
def test_whatever_is_accepted_ends_in_mailboxes(variables: dict[str, Any]) -> None:
    try:
        inventory = load(variables, HOSTS)
    except InventoryError:
        return  # what is refused is the other tests' concern
    mails = [derive(inventory, host) for host in HOSTS]
    receiving = {box.address for mail in mails for box in mail.mailboxes if box.receives}
    sending = {box.address for mail in mails for box in mail.mailboxes if box.sends}
    table = {alias.address: alias.targets for mail in mails for alias in mail.aliases}
    for start in table:
        ends, steps = {start}, 0
        while any(end in table and table[end] != [end] for end in ends):
            ends = {target for end in ends for target in table.get(end, [end])}
            steps += 1
            assert steps <= len(table), f"{start} never ends"
        assert ends <= receiving
    for mail in mails:
        caught = {alias.address[1:] for alias in mail.aliases if alias.address.startswith("@")}
        for box in mail.mailboxes:
            if box.receives and box.domain in caught:
                assert table[box.address] == [box.address]
        for sender in mail.senders:
            assert sender.logins
            assert set(sender.logins) <= sending


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["alpha.test", "hosts", "accounts", "aliases", "dmarc", "taro", "dns"]
                )
                | st.integers(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_nonsense_is_refused_with_words(nonsense: object) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"mail_domains": nonsense, "dns_providers": nonsense}, HOSTS)
    for problem in caught.value.problems:
        assert problem.key
        assert problem.message
        assert problem.mend
