"""What an inventory wants beside MX, SPF, DKIM and DMARC, and what waits for a host's word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dns_inventory import KEY, inventory

from postwright.certificates.directories import url_of
from postwright.dns import HostFacts, desired
from postwright.dns.claims import Claim, Kind
from postwright.dns.desired import Desired
from postwright.dns.txt import decode
from postwright.model import Inventory

POLICY = "0123456789abcdef0123456789abcdef"
FACTS = {
    host: HostFacts(
        tls_keys=("ab" * 32, "cd" * 32),
        issuer="ca.test",
        account=f"https://ca.test/{host}",
        served=frozenset({"mta-sts.alpha.test", "autoconfig.alpha.test"}),
        policies={"alpha.test": POLICY},
    )
    for host in ("mx1", "mx2")
}
ACCOUNT = '0 issue "ca.test; accounturi=https://ca.test/{}"'


def wanted(found: Inventory, facts: dict[str, HostFacts] | None = None) -> Desired:
    return desired(found, {"alpha.test": [KEY]}, FACTS if facts is None else facts)


def table(found: Desired) -> dict[tuple[str, str], list[str]]:
    """Return the values by kind and name; TXT as text."""
    return {
        (want.claim.kind, want.claim.name): [
            decode(value).decode() if want.claim.slot.type == "TXT" else value
            for value in want.values
        ]
        for request in found.requests
        for want in request.wants
    }


def parked(**more: Any) -> Inventory:
    """Return the sample with a parked domain beside alpha.test."""
    return inventory(other={"parked.test": {"parked": True, "dns": "lab", **more}})


def test_a_parked_domain_neither_takes_nor_sends() -> None:
    made = table(wanted(parked(dmarc={"reports_to": "abuse@alpha.test"})))
    assert {key: value for key, value in made.items() if key[1].endswith("parked.test")} == {
        ("mx", "parked.test"): ["0 ."],
        ("spf", "parked.test"): ["v=spf1 -all"],
        ("dkim", "*._domainkey.parked.test"): ["v=DKIM1; p="],
        ("dmarc", "_dmarc.parked.test"): [
            "v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:abuse@alpha.test"
        ],
    }
    assert made["dmarc-report", "parked.test._report._dmarc.alpha.test"] == ["v=DMARC1;"]


def test_reports_to_a_stranger_are_the_strangers_to_allow() -> None:
    found = wanted(parked(dmarc={"reports_to": "x@elsewhere.example"}))
    name = "parked.test._report._dmarc.elsewhere.example"
    assert [want.claim for want in found.asked] == [Claim(Kind.DMARC_REPORT, name)]
    assert Kind.DMARC_REPORT not in {kind for kind, _ in table(found)}


@pytest.mark.parametrize("at", ["alpha.test", "reports.alpha.test"])
def test_reports_within_the_organisation_need_no_leave(at: str) -> None:
    found = wanted(inventory(dmarc={"reports_to": f"x@{at}"} if at != "alpha.test" else {
        "reports_to": "abuse@alpha.test"}))  # fmt: skip
    assert found.asked == ()
    assert Kind.DMARC_REPORT not in {kind for kind, _ in table(found)}


def test_tlsa_names_the_current_and_the_next_key() -> None:
    assert table(wanted(inventory()))["tlsa", "_25._tcp.mx1.alpha.test"] == [
        "3 1 1 " + "ab" * 32, "3 1 1 " + "cd" * 32
    ]  # fmt: skip


def test_caa_names_the_account_of_whoever_orders() -> None:
    made = table(wanted(inventory(records={"caa_apex": True})))
    assert made["caa", "mx1.alpha.test"] == [ACCOUNT.format("mx1")]
    assert made["caa", "mta-sts.alpha.test"] == [ACCOUNT.format("mx2")]
    assert made["caa", "alpha.test"] == [ACCOUNT.format("mx1"), ACCOUNT.format("mx2")]
    assert ("caa", "alpha.test") not in table(wanted(inventory()))


def test_caa_names_the_former_account_as_well_while_its_certificates_are_served() -> None:
    staging = {url_of("letsencrypt_staging"): "https://old.test/1", "https://own.test": "urn:old"}
    moving = replace(FACTS["mx1"], former_accounts=staging)
    made = table(wanted(inventory(), FACTS | {"mx1": moving}))
    assert made["caa", "mx1.alpha.test"] == [
        ACCOUNT.format("mx1"),
        '0 issue "ca.test; accounturi=urn:old"',
        '0 issue "letsencrypt.org; accounturi=https://old.test/1"',
    ]


def test_what_no_host_has_told_is_held() -> None:
    found = wanted(inventory(), {"mx1": HostFacts(issuer="ca.test"), "mx2": FACTS["mx2"]})
    made = table(found)
    for kind, name in ((Kind.TLSA, "_25._tcp.mx1.alpha.test"), (Kind.CAA, "mx1.alpha.test")):
        assert (kind, name) not in made
        assert found.held(Claim(kind, name))
    assert not found.held(Claim(Kind.TLSA, "_25._tcp.mx2.gamma.test"))


def test_no_policy_is_promised_before_it_is_served() -> None:
    made, id_ = inventory(), "_mta-sts.alpha.test"
    assert table(wanted(made))["mta-sts", id_] == [f"v=STSv1; id={POLICY};"]
    unseen, waiting = wanted(made, {}), wanted(made, {"mx2": HostFacts()})
    for each in (unseen, waiting):
        assert ("mta-sts", id_) not in table(each)
        assert each.held(Claim(Kind.MTA_STS, id_))
    assert unseen.notes == ()
    assert ["mx2 serves" in note for note in waiting.notes] == [True]


def test_the_names_of_documents_lead_to_the_first_host() -> None:
    made = table(wanted(inventory()))
    for name in ("mta-sts.alpha.test", "autoconfig.alpha.test"):
        assert made["a", name] == ["198.18.0.22"]
        assert ("aaaa", name) not in made


def test_mail_programs_find_what_is_offered_and_that_the_rest_is_not() -> None:
    made = table(wanted(inventory()))
    assert made["srv", "_imaps._tcp.alpha.test"] == [
        "10 1 993 mx2.gamma.test.", "20 1 993 mx1.alpha.test."
    ]  # fmt: skip
    assert made["srv", "_pop3s._tcp.alpha.test"][0] == "15 1 995 mx2.gamma.test."
    for service in ("_imap", "_pop3", "_submission"):
        assert made["srv", f"{service}._tcp.alpha.test"] == ["0 0 0 ."]
    assert made["srv", "_submissions._tcp.alpha.test"][0] == "10 1 465 mx2.gamma.test."


def test_tls_reports_go_where_the_inventory_says() -> None:
    assert not [name for kind, name in table(wanted(inventory())) if kind == "tls-rpt"]
    made = table(wanted(inventory(tls_reports_to="abuse@alpha.test")))
    assert made["tls-rpt", "_smtp._tls.alpha.test"] == ["v=TLSRPTv1; rua=mailto:abuse@alpha.test"]


@pytest.mark.parametrize(
    ("switch", "kind"),
    [
        ("mx", "mx"), ("dkim", "dkim"), ("dmarc", "dmarc"), ("mta_sts", "mta-sts"),
        ("tls_rpt", "tls-rpt"), ("srv", "srv"), ("spf", "spf"), ("caa", "caa"),
    ],
)  # fmt: skip
def test_what_is_turned_off_is_neither_wanted_nor_held(switch: str, kind: str) -> None:
    def names(found: Desired) -> set[str]:
        return {name for each, name in table(found) if each == kind}

    stated = {"tls_reports_to": "abuse@alpha.test"}
    on = wanted(inventory(**stated))
    off = wanted(inventory(**stated, records={switch: False}))
    gone = names(on) - names(off)
    assert gone
    assert not [name for name in gone if off.held(Claim(Kind(kind), name))]
    assert kind != "dkim" or off.unknown == ()


def test_a_backup_mx_is_ready_once_its_keys_are_known() -> None:
    found = inventory(hosts=["mx2"], backup_mx=["mx1"])
    tlsa = Claim(Kind.TLSA, "_25._tcp.mx1.alpha.test")
    assert wanted(found).unready == ()
    assert wanted(found, {}).unready == (("alpha.test", "mx1", tlsa),)


def test_a_run_that_looks_at_one_kind_leaves_all_others_as_they_are() -> None:
    found = wanted(inventory()).only([Kind.TLSA])
    assert {kind for kind, _ in table(found)} == {Kind.TLSA}
    assert found.held(Claim(Kind.MX, "alpha.test"))
    assert found.held(Claim(Kind.DKIM, "gone._domainkey.alpha.test"))
    # What is of that kind and wanted no more is retired.
    assert not found.held(Claim(Kind.TLSA, "_25._tcp.gone.alpha.test"))
