"""The profiles' data: complete, with a source each, and filled in as the vendors' pages say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from postwright.dns.claims import Kind
from postwright.model.schema import DomainRecords
from postwright.profiles import Profile, profiles, receivers, senders
from postwright.profiles.reference import profiles_markdown

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "profiles.md"
RECORDS = {
    "google_workspace": (
        {
            "dkim_key": ("v=DKIM1; k=rsa; p=AAAA",),
            "verification_name": ("abc",),
            "verification_target": ("gv-abc.dv.googlehosted.com",),
        },
        {
            ("mx", "sub.example.org", "1 smtp.google.com."),
            ("dkim", "google._domainkey.sub.example.org", "v=DKIM1; k=rsa; p=AAAA"),
            ("verification-cname", "abc.sub.example.org", "gv-abc.dv.googlehosted.com."),
        },
    ),
    "microsoft365": (
        {"selector1": ("a",), "selector2": ("b",), "verification": ("MS=ms1",)},
        {
            ("mx", "sub.example.org", "0 sub-example-org.mail.protection.outlook.com."),
            ("dkim-cname", "selector1._domainkey.sub.example.org", "a."),
            ("dkim-cname", "selector2._domainkey.sub.example.org", "b."),
            ("verification", "sub.example.org", "MS=ms1"),
            ("autodiscover", "autodiscover.sub.example.org", "autodiscover.outlook.com."),
        },
    ),
    "amazon_ses": (
        {"region": ("eu-west-1",), "dkim_tokens": ("a", "b", "c"), "mail_from": ("bounce",)},
        {
            ("dkim-cname", "a._domainkey.sub.example.org", "a.dkim.amazonses.com."),
            ("dkim-cname", "b._domainkey.sub.example.org", "b.dkim.amazonses.com."),
            ("dkim-cname", "c._domainkey.sub.example.org", "c.dkim.amazonses.com."),
            ("mx", "bounce.sub.example.org", "10 feedback-smtp.eu-west-1.amazonses.com."),
            ("spf", "bounce.sub.example.org", "v=spf1 include:amazonses.com ~all"),
        },
    ),
    "sendgrid": (
        {"account": ("u1.wl2.sendgrid.net",), "return_path": ("em3",)},
        {
            ("return-path", "em3.sub.example.org", "u1.wl2.sendgrid.net."),
            ("dkim-cname", "s1._domainkey.sub.example.org", "s1.domainkey.u1.wl2.sendgrid.net."),
            ("dkim-cname", "s2._domainkey.sub.example.org", "s2.domainkey.u1.wl2.sendgrid.net."),
        },
    ),
    "smarthost": ({"host": ("smtp.isp.example",)}, set()),
}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == profiles_markdown(), "run scripts/reference"


def test_receivers_and_senders_are_told_apart() -> None:
    assert set(receivers()) == {"google_workspace", "microsoft365"}
    assert set(senders()) == {"amazon_ses", "sendgrid", "smarthost"}


@pytest.mark.parametrize("name", profiles())
def test_every_rule_names_its_source_and_a_record_that_can_be_made(name: str) -> None:
    profile = profiles()[name]
    relay = [profile.relay.source] if profile.relay else []
    for source in [profile.source, *relay, *(record.source for record in profile.records)]:
        assert source.startswith("https://")
    assert profile.verified <= date.today()
    for record in profile.records:
        Kind(record.kind)
        assert record.switch in DomainRecords.model_fields


@pytest.mark.parametrize("name", RECORDS)
def test_records_are_the_vendors(name: str) -> None:
    given, wanted = RECORDS[name]
    filled = profiles()[name].filled_records("sub.example.org", given)
    assert {(record.kind, at, value) for record, at, value in filled} == wanted


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("google_workspace", {}, ("include:_spf.google.com",)),
        ("microsoft365", {}, ("include:spf.protection.outlook.com",)),
        # These put an envelope of their own around each message.
        ("amazon_ses", {"region": ("eu-west-1",)}, ()),
        ("sendgrid", {}, ()),
        ("smarthost", {"spf_include": ("spf.isp.example",)}, ("include:spf.isp.example",)),
        ("smarthost", {}, ()),
    ],
)
def test_spf_names_whoever_sends_with_our_envelope(
    name: str, given: dict[str, tuple[str, ...]], wanted: tuple[str, ...]
) -> None:
    assert profiles()[name].filled_spf("example.org", given) == wanted


def test_relays_take_mail_where_the_vendors_say() -> None:
    hosts = {
        name: each.host({"region": ("ap-northeast-1",), "host": ("smtp.isp.example",)})
        for name, each in senders().items()
    }
    assert hosts == {
        "amazon_ses": "email-smtp.ap-northeast-1.amazonaws.com",
        "sendgrid": "smtp.sendgrid.net",
        "smarthost": "smtp.isp.example",
    }


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("ap-northeast-1", "dkim.amazonses.com"),
        ("ap-northeast-3", "dkim.ap-northeast-3.amazonses.com"),
    ],
)
def test_a_region_of_ses_may_have_its_own_place_for_keys(region: str, domain: str) -> None:
    given = {"region": (region,), "dkim_tokens": ("a", "b", "c")}
    filled = profiles()["amazon_ses"].filled_records("example.org", given)
    assert [value for _, _, value in filled] == [f"{each}.{domain}." for each in "abc"]


def test_what_is_not_given_is_left_out() -> None:
    filled = profiles()["amazon_ses"].filled_records("example.org", {"region": ("eu-west-1",)})
    assert list(filled) == []


def test_a_template_that_names_an_undeclared_parameter_is_refused() -> None:
    data = {"title": "T", "source": "https://t.example", "verified": date(2026, 1, 1)}
    with pytest.raises(ValidationError, match="no such parameter: nobody"):
        Profile.model_validate({**data, "spf": ("include:{nobody}",)})
