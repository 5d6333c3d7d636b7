"""`postwright reports` as an operator meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import report_samples as samples
from report_samples import policy, tls
from typer.testing import CliRunner, Result

from postwright.cli import app
from postwright.model import Inventory, load
from postwright.reports import cli
from postwright.reports.explain import FAILURE_TYPES, explain

HASH = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"  # noqa: E501


def inventory() -> Inventory:
    domain = {
        "hosts": ["mx1"],
        "dns": "main",
        "accounts": {"taro": {"password_hash": HASH}},
        "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
    }
    return load(
        {"mail_domains": {"alpha.test": domain}, "dns_providers": {"main": {"driver": "manual"}}},
        {"mx1": {"mail_hostname": "mx1.alpha.test", "mail_ipv4": "198.18.0.21"}},
    )


class Desk:
    """A terminal, and a directory for reports."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str, data: bytes) -> str:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return str(file)

    def run(self, *words: str, ours: bool = False) -> Result:
        options = ["-i", str(self.path)] if ours else []
        return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["reports", *options, *words])

    def data(self, *words: str, ours: bool = False) -> dict[str, object]:
        return dict(json.loads(self.run("--json", *words, ours=ours).stdout))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ANSIBLE_INVENTORY", raising=False)
    monkeypatch.setattr(cli, "load", lambda *_: inventory())
    return Desk(tmp_path)


def test_nothing_wrong_ends_with_0(desk: Desk) -> None:
    done = desk.run(desk.file("a", samples.RFC9990), desk.file("b", tls(samples.STS)))
    assert done.exit_code == 0, done.output
    assert "2 reports: no failure is reported" in done.output
    assert "sts: 40 sessions made, 0 failed" in done.output


def test_a_failure_of_our_own_host_is_named_first_with_its_mend(desk: Desk) -> None:
    done = desk.run(desk.file("g", samples.GZIPPED), desk.file("m", samples.MICROSOFT), ours=True)
    assert done.exit_code == 2, done.output
    lines = [line.strip() for line in done.output.splitlines()]
    assert lines[0] == "alpha.test"
    assert lines[1].startswith("DMARC, policy reject: 12 passed, 5 failed; 2025-11-24 to")
    assert "2 reports from Outlook.com, google.com" in lines[1]
    assert lines[2] == "2 failed from your own host mx1 (198.18.0.21)"
    assert "DKIM fail for alpha.test (selector mx1-202611r)" in lines[3]
    assert lines[4].startswith("mend  `postwright dns check`")
    assert lines[5] == "3 failed from 1 address, not your hosts"
    assert "198.19.7.7: From: alpha.test: SPF softfail for bulk.test" in lines[6]
    assert "docs/relays.md" in lines[7]


def test_without_an_inventory_nobody_is_blamed(desk: Desk) -> None:
    done = desk.run(desk.file("m", samples.MICROSOFT))
    assert done.exit_code == 2
    assert "from your own host" not in done.output
    assert "give the inventory (-i)" in done.output


def test_a_domain_of_somebody_else_is_said_to_be_so(desk: Desk) -> None:
    done = desk.run(desk.file("y", samples.YAHOO), ours=True)
    assert "beta.test (not in the inventory)" in done.output
    assert "none 1 (mailing_list)" in done.output


def test_a_tls_failure_is_explained_with_its_mend(desk: Desk) -> None:
    done = desk.run(desk.file("t", tls(samples.EXPIRED)))
    assert done.exit_code == 2
    assert "tlsa: 5 sessions made, 2 failed" in done.output
    assert "certificate-expired (2): The certificate has expired." in done.output
    assert "seen  at mx1.alpha.test from 198.18.0.30" in done.output
    assert "mend  run site.yml" in done.output


def test_a_failure_that_the_totals_leave_out_counts(desk: Desk) -> None:
    details = {"result-type": "new-type", "failed-session-count": 1}
    done = desk.run(desk.file("t", tls(policy("sts", 1, 0, details))))
    assert done.exit_code == 2
    assert "does not name" in done.output


@pytest.mark.parametrize("failure", sorted(FAILURE_TYPES))
def test_each_failure_of_the_rfc_has_a_sentence_and_a_mend(failure: str) -> None:
    said = explain(failure, "alpha.test")
    assert said.meaning.endswith(".")
    assert said.mend
    assert "DOMAIN" not in said.mend


def test_the_failures_are_those_of_rfc_8460() -> None:
    assert {
        "starttls-not-supported", "certificate-host-mismatch", "certificate-expired",
        "certificate-not-trusted", "validation-failure", "tlsa-invalid", "dnssec-invalid",
        "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid",
    } == FAILURE_TYPES  # fmt: skip


def test_a_report_that_comes_twice_counts_once(desk: Desk) -> None:
    data = desk.data(
        desk.file("a", samples.GOOGLE),
        desk.file("b", samples.DMARC_MAIL),
        desk.file("c", samples.MICROSOFT),
    )
    assert (data["reports"], data["duplicates"]) == (2, 1)


def test_a_broken_report_is_named_and_the_others_count(desk: Desk) -> None:
    broken = desk.file("broken.gz", samples.GZIPPED[:-20])
    done = desk.run(broken, desk.file("g", samples.GOOGLE))
    assert done.exit_code == 1
    assert f"not read: {broken}: its gzip data is cut off" in done.output
    assert "12 passed, 3 failed" in done.output
    assert "1 report (1 not read): failures are reported" in done.output


def test_a_file_without_a_report_is_named(desk: Desk) -> None:
    done = desk.run(desk.file("letter", samples.LETTER))
    assert done.exit_code == 1
    assert "there is no report in it" in done.output


def test_a_maildir_is_read_and_other_mail_in_it_let_be(desk: Desk) -> None:
    desk.file("mail/new/1.host", samples.DMARC_MAIL)
    desk.file("mail/cur/2.host:2,S", samples.TLS_MAIL)
    desk.file("mail/cur/3.host:2,S", samples.LETTER)
    desk.file("mail/tmp/4.host", b"half a mess")
    before = sorted(desk.path.rglob("*"))
    data = desk.data(str(desk.path / "mail"))
    assert (data["reports"], data["other"], data["broken"]) == (2, 1, [])
    assert sorted(desk.path.rglob("*")) == before


def test_a_directory_that_is_no_maildir_is_an_error(desk: Desk) -> None:
    done = desk.run(str(desk.path))
    assert done.exit_code == 1
    assert "no Maildir" in done.output


def test_older_reports_can_be_left_out(desk: Desk) -> None:
    google, microsoft = desk.file("g", samples.GOOGLE), desk.file("m", samples.MICROSOFT)
    data = desk.data("--since", "2025-11-26", google, microsoft)
    assert (data["reports"], data["older"]) == (1, 1)
    assert data["domains"][0]["dmarc"]["period"]["reporters"] == ["Outlook.com"]  # type: ignore[index]


def test_json_says_what_the_tables_say(desk: Desk) -> None:
    data = desk.data(desk.file("g", samples.GOOGLE), desk.file("m", samples.MICROSOFT), ours=True)
    (domain,) = data["domains"]  # type: ignore[misc]
    assert domain["ours"] is True
    assert [
        (s["address"], s["host"], s["passed"], s["failed"], s["spf"], s["dkim"], s["dispositions"])
        for s in domain["dmarc"]["sources"]
    ] == [
        ("198.18.0.21", "mx1", 12, 2, 12, 12, {"none": 12, "reject": 2}),
        ("198.19.7.7", None, 0, 3, 0, 0, {"reject": 3}),
    ]


@pytest.mark.parametrize("words", [(), ("--imap", "mx1.test"), ("--login", "taro@alpha.test")])
def test_what_is_not_named_cannot_be_read(desk: Desk, words: tuple[str, ...]) -> None:
    done = desk.run(*words)
    assert done.exit_code == 1
    assert "mend: " in done.output


def test_the_domain_that_our_hosts_fail_for_comes_first(desk: Desk) -> None:
    late = desk.file("z", samples.MICROSOFT.replace(b"alpha.test", b"zeta.test"))
    data = desk.data(desk.file("y", samples.YAHOO), desk.file("g", samples.GOOGLE), late, ours=True)
    names = [domain["domain"] for domain in data["domains"]]  # type: ignore[attr-defined]
    assert names == ["zeta.test", "alpha.test", "beta.test"]
