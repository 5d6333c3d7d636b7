"""The records of a mail domain as the world sees them: validated, and true."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from labkit import Site, flush_zone, on
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.plan import Change
from postwright.dns.records import Slot

# Domain, and the host that serves it: one on each release.
SERVED = [("alpha.test", "mx1.alpha.test", "mx1"), ("gamma.test", "mx2.gamma.test", "mx2")]


@pytest.fixture(autouse=True, scope="module")
def fresh_resolver(lab_facts: dict[str, Any]) -> None:
    """What the hosts were before they were made bare is forgotten, as it is after its TTL."""
    flush_zone("ns1")


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
    policy = on("client", "curl", "-sSf", f"https://mta-sts.{domain}/.well-known/mta-sts.txt")
    digest = hashlib.sha256(policy.encode()).hexdigest()
    assert seen(f"_mta-sts.{domain}", "TXT") == [f'"v=STSv1; id={digest[:32]};"']
    assert policy.splitlines()[0] == "version: STSv1"
    assert f"mx: {hostname}" in policy.splitlines()


def test_a_policy_is_enforced_once_the_host_is_proven_and_not_before(site: Site) -> None:
    assert "mode: testing" in site.untried_policy
    policy = on("client", "curl", "-sSf", "https://mta-sts.alpha.test/.well-known/mta-sts.txt")
    assert policy == site.untried_policy.replace("mode: testing", "mode: enforce")


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


CERTIFICATES = "/var/lib/dehydrated/certs"
TOOL = "/usr/local/sbin/postwright-certificates"


def test_a_domain_without_a_certificate_keeps_no_other_from_one(
    site: Site, lab_facts: dict[str, Any]
) -> None:
    tsig, address = lab_facts["tsig"], lab_facts["hosts"]["ns1"]["ipv4"]
    server = Server("lab", address, 53, tsig["name"], tsig["algorithm"], tsig["secret"])
    driver = Rfc2136(server)
    slots = [Slot("mta-sts.beta.test", kind) for kind in ("A", "AAAA")]
    there = {slot: driver.read("beta.test").values(slot) for slot in slots}
    driver.apply("beta.test", [Change(slot, 60, v, v, ()) for slot, v in there.items()])
    flush_zone("ns1", zone="beta.test")
    try:
        for domain in ("alpha.test", "beta.test"):
            on("mx1", "rm", f"{CERTIFICATES}/mta-sts.{domain}/fullchain.pem")
        on("mx1", TOOL, "renew", status=75)
        on("mx1", "test", "-e", f"{CERTIFICATES}/mta-sts.alpha.test/fullchain.pem")
        on("mx1", "test", "-e", f"{CERTIFICATES}/mta-sts.beta.test/fullchain.pem", status=1)
    finally:
        driver.apply("beta.test", [Change(slot, 60, (), (), v) for slot, v in there.items()])
        flush_zone("ns1", zone="beta.test")
    on("mx1", TOOL, "renew")
    served = json.loads(on("mx1", TOOL, "describe"))["served"]
    assert {"mta-sts.alpha.test", "mta-sts.beta.test"} <= set(served)


@pytest.mark.parametrize(("domain", "hostname", "host"), SERVED)
def test_the_timer_can_replace_a_certificate(
    site: Site, domain: str, hostname: str, host: str
) -> None:
    on(host, "rm", f"{CERTIFICATES}/mta-sts.{domain}/fullchain.pem")
    on(host, "systemctl", "start", "postwright-certificates.service")
    on(host, "test", "-e", f"{CERTIFICATES}/mta-sts.{domain}/fullchain.pem")
