"""What is derived for a host: mailboxes, aliases, senders."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import pytest
from model_samples import HASH, good, spoilt

from postwright.model import Mail, derive, load, mail_for_verify, policy_ids


def mail(host: str = "mx1", *edits: tuple[str, object]) -> Mail:
    """Return the host's `mail` of the good inventory after the edits."""
    return derive(load(*spoilt(*edits)), host)


def aliases(value: Mail) -> dict[str, list[str]]:
    """Return the alias table as a dict."""
    return {alias.address: alias.targets for alias in value.aliases}


def senders(value: Mail) -> dict[str, list[str]]:
    """Return the sender table as a dict."""
    return {sender.address: sender.logins for sender in value.senders}


def test_a_host_knows_only_its_own_domains() -> None:
    assert mail("mx2").domains == ["gamma.test"]
    assert [box.address for box in mail("mx2").mailboxes] == ["saburo@gamma.test"]
    assert mail("mx1").domains == ["alpha.test", "beta.test", "gamma.test"]


def test_a_mailbox_carries_hash_quota_and_direction() -> None:
    boxes = {box.user: box for box in mail().mailboxes}
    assert boxes["taro"].password_hash == HASH
    assert boxes["taro"].quota_bytes == 5 * 2**30
    assert (boxes["noreply"].receives, boxes["noreply"].sends) == (False, True)
    assert (boxes["archive"].receives, boxes["archive"].sends) == (True, False)
    assert boxes["jiro"].quota_bytes is None


def test_a_host_never_learns_a_hash_that_opens_nothing_there() -> None:
    value = mail("mx1", ("mail_domains/alpha.test/accounts/taro/app_passwords_only", True))
    hashes = {box.user: box.password_hash for box in value.mailboxes}
    assert hashes["taro"] is None
    assert hashes["jiro"] == HASH


@pytest.mark.parametrize("written", ["2027-01-31", date(2027, 1, 31)])
def test_a_day_may_be_written_with_or_without_quotes(written: object) -> None:
    value = mail("mx1", ("mail_hosts/mx1/mail_old_senders_until", written))
    assert value.host.old_senders_until == "2027-01-31"
    assert mail("mx2").host.old_senders_until is None


@pytest.mark.parametrize(("days", "taken"), [(0, True), (1, True), (-1, False)])
def test_old_senders_are_taken_through_the_day_that_is_named(days: int, taken: bool) -> None:
    until = date.today() + timedelta(days=days)
    assert mail("mx1", ("mail_hosts/mx1/mail_old_senders_until", until)).host.takes_old_senders == (
        taken
    )
    assert not mail("mx2").host.takes_old_senders


def test_a_host_reports_on_tls_in_the_name_of_the_domain_that_it_lies_in() -> None:
    assert mail("mx1").tls_reporter == "alpha.test"
    renamed = mail("mx1", ("mail_hosts/mx1/mail_hostname", "mx1.beta.test"))
    assert renamed.tls_reporter == "beta.test"
    elsewhere = mail("mx1", ("mail_hosts/mx1/mail_hostname", "mx1.other.example"))
    assert elsewhere.tls_reporter == "alpha.test"


def test_a_host_that_is_told_so_reports_nothing() -> None:
    assert mail("mx1", ("mail_hosts/mx1/mail_send_tls_reports", False)).tls_reporter is None
    assert mail("mx2", ("mail_hosts/mx1/mail_send_tls_reports", False)).tls_reporter == "gamma.test"


def test_clamav_looks_into_mail_on_the_hosts_that_say_so() -> None:
    assert mail("mx1", ("mail_hosts/mx1/mail_antivirus", True)).host.antivirus
    assert not mail("mx2", ("mail_hosts/mx1/mail_antivirus", True)).host.antivirus


def test_aliases_and_forwards_are_full_addresses() -> None:
    table = aliases(mail())
    assert table["abuse@alpha.test"] == ["postmaster@alpha.test"]
    assert table["friend@alpha.test"] == ["friend@peer.test"]
    assert "hanako@beta.test" in table["team@alpha.test"]


def test_under_a_catch_all_every_mailbox_keeps_its_own_mail() -> None:
    table = aliases(mail("mx1", ("mail_domains/alpha.test/catch_all", "taro")))
    assert table["@alpha.test"] == ["taro@alpha.test"]
    for local in ("taro", "jiro", "archive"):
        assert table[f"{local}@alpha.test"] == [f"{local}@alpha.test"]
    assert "noreply@alpha.test" not in table
    assert "taro@alpha.test" not in aliases(mail())


def test_system_mail_of_the_host_reaches_the_postmaster() -> None:
    value = mail("mx2")
    assert value.alias_domains == ["mx2.gamma.test"]
    for local in ("root", "postmaster", "abuse", "mailer-daemon"):
        assert aliases(value)[f"{local}@mx2.gamma.test"] == ["postmaster@gamma.test"]


def test_a_host_named_like_a_mail_domain_has_no_alias_domain() -> None:
    value = mail("mx2", ("mail_hosts/mx2/mail_hostname", "gamma.test"))
    assert value.alias_domains == []
    assert "root@gamma.test" not in aliases(value)


def test_only_accounts_that_send_may_use_an_address() -> None:
    table = senders(mail())
    assert table["taro@alpha.test"] == ["taro@alpha.test"]
    assert table["noreply@alpha.test"] == ["noreply@alpha.test"]
    assert "archive@alpha.test" not in table
    assert table["team@alpha.test"] == ["hanako@beta.test", "jiro@alpha.test", "taro@alpha.test"]


def test_an_alias_of_an_alias_reaches_the_account() -> None:
    assert senders(mail())["abuse@alpha.test"] == ["taro@alpha.test"]


def test_a_catch_all_gives_no_right_to_invent_senders() -> None:
    table = senders(mail())
    assert "@beta.test" not in table
    assert table["hanako@beta.test"] == ["hanako@beta.test"]


def test_a_forward_has_no_sender() -> None:
    assert "friend@alpha.test" not in senders(mail())


def test_an_account_of_another_host_cannot_log_in_here() -> None:
    edit = ("mail_domains/alpha.test/aliases/team", ["taro", "saburo@gamma.test"])
    away = ("mail_domains/gamma.test/hosts", ["mx2"])
    assert senders(mail("mx1", edit, away))["team@alpha.test"] == ["taro@alpha.test"]


def test_limits_of_an_account_go_before_its_domains_and_those_before_everybodys() -> None:
    domain = "mail_domains/alpha.test"
    found = mail(
        "mx1",
        ("mail_limits", {"messages_per_minute": 20}),
        (f"{domain}/limits", {"messages_per_day": 900}),
        (f"{domain}/accounts/taro/limits", {"messages_per_minute": 50}),
    ).limits
    assert (found.limits.messages_per_minute, found.limits.messages_per_day) == (20, 500)
    taro, jiro = found.accounts["taro@alpha.test"], found.accounts["jiro@alpha.test"]
    assert (taro.messages_per_minute, taro.messages_per_day) == (50, 900)
    assert (jiro.messages_per_minute, jiro.messages_per_day) == (20, 900)
    assert taro.recipients_per_day == 2000
    # Who has everybody's is not listed.
    assert "hanako@beta.test" not in found.accounts


def test_without_a_word_every_account_has_the_same_limits() -> None:
    assert mail().limits.accounts == {}
    assert mail().limits.limits.model_dump() == {
        "messages_per_minute": 60,
        "recipients_per_minute": 300,
        "messages_per_day": 500,
        "recipients_per_day": 2000,
    }


@pytest.mark.parametrize("starttls", [False, True])
def test_port_587_opens_only_when_asked_for(starttls: bool) -> None:
    value = mail("mx1", ("mail_submission_starttls", starttls))
    assert (587 in value.public_mail_ports) is starttls
    assert set(value.public_mail_ports) - {587} == {25, 465, 993, 995, 4190}
    assert value.submission_starttls is starttls


def test_the_value_for_verify_is_json_without_any_hash() -> None:
    text = json.dumps(mail_for_verify(load(*good())))
    assert "argon2" not in text.lower()
    assert "c2VjcmV0" not in text
    assert json.loads(text)["hosts"]["mx2"]["mailboxes"][0]["address"] == "saburo@gamma.test"


def test_the_order_of_the_inventory_changes_nothing() -> None:
    variables, hosts = good()
    backwards = {
        **variables,
        "mail_domains": dict(reversed(variables["mail_domains"].items())),
    }
    turned = derive(load(backwards, dict(reversed(hosts.items()))), "mx1")
    assert turned == derive(load(variables, hosts), "mx1")


def test_only_the_first_host_serves_a_domains_documents() -> None:
    assert [site.domain for site in mail("mx1").sites] == ["alpha.test", "beta.test"]
    assert [site.domain for site in mail("mx2").sites] == ["gamma.test"]
    (found,) = mail("mx2").policies
    assert found.dest == mail("mx2").sites[0].policy_file
    assert found.content.splitlines() == [
        "version: STSv1", "mode: testing", "mx: mx2.gamma.test", "mx: mx1.alpha.test",
        "max_age: 604800",
    ]  # fmt: skip


def test_a_policy_that_is_not_proven_yet_only_tests() -> None:
    value = mail("mx2", ("mail_domains/gamma.test/mta_sts", {"mode": "enforce"}))
    (wanted,), (untried,) = value.policies, value.untried_policies
    assert "mode: enforce" in wanted.content
    assert untried.content == wanted.content.replace("mode: enforce", "mode: testing")
    assert untried.dest == wanted.dest
    # Once it was proven, it stays, and no other does.
    assert untried.keep == [wanted.content]


def test_each_domain_has_a_certificate_of_its_own() -> None:
    assert [(each.name, each.units) for each in mail("mx2").certificates] == [
        ("mx2.gamma.test", ["postfix", "dovecot"]), ("mta-sts.gamma.test", ["nginx"])
    ]  # fmt: skip
    assert mail("mx2").certificates[1].names == ["mta-sts.gamma.test", "autoconfig.gamma.test"]


def test_an_rsa_key_stands_beside_the_first_one_and_has_its_own_file() -> None:
    found = mail("mx2", ("mail_hosts/mx2/mail_rsa_key_bits", 3072))
    keys = [each.key for each in found.certificates if "postfix" in each.units]
    assert keys == ["P-256", "3072"]
    assert found.tls_files == [
        "/var/lib/postwright/certificates/mx2.gamma.test.pem",
        "/var/lib/postwright/certificates/mx2.gamma.test.rsa3072.pem",
    ]
    assert mail("mx2").tls_files == found.tls_files[:1]


@pytest.mark.parametrize(
    ("off", "names"),
    [
        ({"mta_sts": False}, ["autoconfig.gamma.test"]),
        ({"mx": False}, ["autoconfig.gamma.test"]),
        ({"autoconfig": False}, ["mta-sts.gamma.test"]),
        ({"mta_sts": False, "autoconfig": False}, []),
    ],
)
def test_names_that_are_turned_off_are_not_served(off: dict[str, bool], names: list[str]) -> None:
    sites = mail("mx2", ("mail_domains/gamma.test/records", off)).sites
    assert [name for site in sites for name in site.names] == names


def test_the_id_of_a_policy_follows_its_content() -> None:
    def made(*edits: tuple[str, object]) -> str:
        (found,) = mail("mx2", *edits).policies
        digest = hashlib.sha256(found.content.encode()).hexdigest()
        return policy_ids(f"{digest}  {found.dest}\n")["gamma.test"]

    changed = [
        made(("mail_domains/gamma.test/mta_sts", {"mode": "enforce"})),
        made(("mail_domains/gamma.test/mta_sts", {"max_age": 86400})),
        made(("mail_domains/gamma.test/hosts", ["mx2"])),
    ]
    assert made() == made(("mail_domains/gamma.test/dmarc", {"policy": "none"}))
    assert len({made(), *changed}) == 4
    assert all(len(each) == 32 and each.isalnum() for each in changed)
