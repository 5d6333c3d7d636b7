"""The records of a mail domain as the world sees them: validated, and true."""

from __future__ import annotations

import pytest

from labkit import Site, on

# Domain, and the host that serves it: one on each release.
SERVED = [("alpha.test", "mx1.alpha.test", "mx1"), ("gamma.test", "mx2.gamma.test", "mx2")]


def seen(name: str, kind: str) -> list[str]:
    """Return a record set as the client's resolver answers and validates it."""
    lines = on("client", "kdig", "+dnssec", "+noall", "+header", "+answer", name, kind).splitlines()
    flags = next(line for line in lines if "Flags:" in line)
    assert " ad" in flags.partition(";; QUERY")[0].partition(";")[2], flags
    rows = [line.split(None, 4) for line in lines if line and not line.startswith(";")]
    return sorted(row[4].strip() for row in rows if row[3] == kind)


@pytest.mark.parametrize(("domain", "hostname", "host"), SERVED)
def test_a_sender_that_insists_on_dane_is_content(
    site: Site, domain: str, hostname: str, host: str
) -> None:
    assert len(seen(f"_25._tcp.{hostname}", "TLSA")) == 2
    said = on("peer", "posttls-finger", "-t", "30", "-l", "dane-only", domain)
    assert f"Verified TLS connection established to {hostname}" in said


@pytest.mark.parametrize(("domain", "hostname", "host"), SERVED)
def test_the_policy_is_served_that_the_txt_record_names(
    site: Site, domain: str, hostname: str, host: str
) -> None:
    assert len(seen(f"_mta-sts.{domain}", "TXT")) == 1
    policy = on("client", "curl", "-sSf", f"https://mta-sts.{domain}/.well-known/mta-sts.txt")
    assert policy.splitlines()[0] == "version: STSv1"
    assert f"mx: {hostname}" in policy.splitlines()


def test_mail_programs_find_the_host(site: Site) -> None:
    assert seen("_imaps._tcp.gamma.test", "SRV") == ["10 1 993 mx2.gamma.test."]
    assert seen("_imap._tcp.gamma.test", "SRV") == ["0 0 0 ."]
    settings = on("client", "curl", "-sSf", "https://autoconfig.gamma.test/mail/config-v1.1.xml")
    assert "<hostname>mx2.gamma.test</hostname>" in settings


@pytest.mark.parametrize(("domain", "hostname", "host"), SERVED)
def test_only_the_hosts_own_account_may_get_certificates(
    site: Site, domain: str, hostname: str, host: str
) -> None:
    account = on(host, "sh", "-c", "cat /var/lib/dehydrated/accounts/*/account_id.json")
    for name in (hostname, f"mta-sts.{domain}", f"autoconfig.{domain}"):
        (value,) = seen(name, "CAA")
        assert value.startswith('0 issue "acme.test; accounturi=https://acme.test')
        assert value.partition("accounturi=")[2].rstrip('"') in account


def test_a_parked_domain_says_that_it_has_no_mail(site: Site) -> None:
    assert seen("parked.alpha.test", "MX") == ["0 ."]
    assert seen("parked.alpha.test", "TXT") == ['"v=spf1 -all"']
    assert seen("any._domainkey.parked.alpha.test", "TXT") == ['"v=DKIM1; p="']
    refused = on("peer", "posttls-finger", "-t", "5", "parked.alpha.test", status=None)
    assert "Connected to" not in refused


def test_reports_on_one_domain_may_go_to_another(site: Site) -> None:
    assert seen("gamma.test._report._dmarc.alpha.test", "TXT") == ['"v=DMARC1;"']
    assert seen("_smtp._tls.alpha.test", "TXT") == ['"v=TLSRPTv1; rua=mailto:dmarc@alpha.test"']
