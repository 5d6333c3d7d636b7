"""What a report says is read in every shape that reporters send it in."""

from __future__ import annotations

import gzip

import pytest
import report_samples as samples
from report_samples import mail, policy, tls, zipped

from postwright.reports.aggregate import AggregateReport
from postwright.reports.document import Report, read
from postwright.reports.tlsrpt import TlsReport


def one(data: bytes) -> Report:
    (report,) = read(data)
    return report


def dmarc(data: bytes) -> AggregateReport:
    report = one(data)
    assert isinstance(report, AggregateReport)
    return report


def tls_of(data: bytes) -> TlsReport:
    report = one(data)
    assert isinstance(report, TlsReport)
    return report


@pytest.mark.parametrize(
    "data",
    [
        samples.GOOGLE,
        b"\xef\xbb\xbf\r\n" + samples.GOOGLE,
        samples.GZIPPED,
        samples.GZIPPED + b"\r\n",  # as Mimecast sends it
        zipped(report__xml=samples.GOOGLE),
        zipped(report__xml__gz=samples.GZIPPED),
        samples.DMARC_MAIL,
        mail(samples.GOOGLE, "text/xml", "report.xml"),
        mail(zipped(r__xml=samples.GOOGLE), "application/x-zip-compressed", "r.zip", "Weekly"),
        samples.FORWARDED,
        samples.BARE,
    ],
    ids=["XML", "mark", "gzip", "gzip and more", "zip", "gzip in zip", "mail", "XML in mail",
         "zip in mail", "forwarded", "no multipart"],
)  # fmt: skip
def test_a_report_is_the_same_however_it_is_packed(data: bytes) -> None:
    assert dmarc(data) == dmarc(samples.GOOGLE)


def test_google_says_who_sent_what() -> None:
    report = dmarc(samples.GOOGLE)
    assert (report.reporter, report.domain, report.policy) == ("google.com", "alpha.test", "reject")
    assert (report.end - report.begin).total_seconds() == 86399
    assert [(str(r.source), r.count, r.disposition, r.passed) for r in report.records] == [
        ("198.18.0.21", 12, "none", True),
        ("198.19.7.7", 3, "reject", False),
    ]


def test_microsoft_says_what_spf_and_dkim_said() -> None:
    (record,) = dmarc(samples.MICROSOFT).records
    assert [str(result) for result in record.results] == [
        "SPF fail for alpha.test",
        "DKIM fail for alpha.test (selector mx1-202611r)",
    ]


def test_yahoo_says_why_the_policy_was_not_followed() -> None:
    report = dmarc(samples.YAHOO)
    assert report.domain == "beta.test"
    assert report.records[0].reasons == ("mailing_list",)


def test_the_new_format_is_read_and_its_news_ignored() -> None:
    (record,) = dmarc(samples.RFC9990).records
    assert (str(record.source), record.disposition) == ("198.18.0.21", "pass")
    assert (record.dkim, record.spf) == (True, False)


def test_a_name_in_another_encoding_does_not_spoil_a_report() -> None:
    report = dmarc(samples.GOOGLE.replace(b"<org_name>google.com", b"<org_name>M\xfcller"))
    assert report.reporter == "M\ufffdller"


def test_optional_elements_may_be_missing() -> None:
    start, end = samples.GOOGLE.index(b"<auth_results>"), samples.GOOGLE.rindex(b"</auth_results>")
    bare = samples.GOOGLE[:start] + b"<auth_results>" + samples.GOOGLE[end:]
    bare = bare.replace(b"<p>reject</p>", b"").replace(b"<report_id>4711081500001</report_id>", b"")
    report = dmarc(bare)
    assert (report.policy, report.report_id) == ("", "")
    assert sum(record.count for record in report.records) == 12


@pytest.mark.parametrize(
    "data",
    [
        tls(samples.STS),
        gzip.compress(tls(samples.STS)),
        samples.TLS_MAIL,
        mail(tls(samples.STS), "application/tlsrpt+json", "r.json", "TLS"),
    ],
)
def test_a_tls_report_is_the_same_however_it_is_packed(data: bytes) -> None:
    (result,) = tls_of(data).policies
    assert (result.policy.type, result.summary.successful) == ("sts", 40)


def test_a_tls_failure_says_where_and_how_often() -> None:
    (result,) = tls_of(tls(samples.EXPIRED)).policies
    (failure,) = result.failures
    assert (failure.type, failure.count) == ("certificate-expired", 2)
    assert str(failure) == "at mx1.alpha.test from 198.18.0.30"


def test_sloppy_tls_reports_are_read() -> None:
    empty = {
        "result-type": "Validation-Failure ", "failed-session-count": "1", "sending-mta-ip": None,
        "receiving-mx-hostname": "", "receiving-ip": "", "failure-reason-code": "no reason",
    }  # fmt: skip
    report = tls_of(
        tls(
            policy("sts", 0, 1, empty, **{"policy-string": None, "mx-host": "one"}),
            {**policy("no-policy-found", 3, 0), "failure-details": None},
            **{"contact-info": None, "more": {"unknown": 1}},
        )
    )
    assert [str(f) for result in report.policies for f in result.failures] == ["no reason"]
    assert report.policies[0].failures[0].type == "validation-failure"


def test_text_of_strangers_cannot_steer_a_terminal() -> None:
    report = tls_of(
        tls(samples.STS, **{"organization-name": "evil\x1b[2J\u202e\nline" + "x" * 999})
    )
    assert report.reporter.startswith("evil [2J line")
    assert len(report.reporter) <= 200


def test_other_mail_holds_no_report() -> None:
    assert read(samples.LETTER) == []
    assert read(b"Subject: hello\n\nno attachment at all\n") == []
