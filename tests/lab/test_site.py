"""site.yml on bare hosts: it announces itself, converges, opens last, and then changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labkit import MAIL_HOSTS, Site, answering, on, play
from postwright.probe.wire import Smtp, Target

SERVED = {22, 25, 80, 465, 993, 995, 4190}
ALLOWED = SERVED | {443}


def test_dry_run_on_bare_hosts_ends_well_and_changes_nothing(site: Site) -> None:
    assert site.check.status == 0


def test_no_mail_port_answers_before_the_cutover(site: Site) -> None:
    assert site.before_cutover == {host: [] for host in MAIL_HOSTS}


def test_the_whole_changes_nothing_once_its_phases_have_run(site: Site) -> None:
    assert site.second.status == 0, site.second.output[-3000:]
    changed = {host: counters["changed"] for host, counters in site.second.recap().items()}
    assert changed == dict.fromkeys(changed, 0)
    assert set(MAIL_HOSTS) <= set(changed)


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_host_listens_where_it_serves_and_nowhere_else(
    site: Site, lab_facts: dict[str, Any], host: str
) -> None:
    lines = on(host, "ss", "-Hltn").splitlines()
    places = [line.split()[3].rsplit(":", 1) for line in lines]
    outside = {
        int(port)
        for address, port in places
        if not address.startswith("127.") and address != "[::1]"
    }
    assert outside >= SERVED
    assert outside <= ALLOWED
    assert answering(lab_facts, host) == [25, 465, 993, 995, 4190]


def takes_tls_1_0(hostname: str, port: int) -> bool:
    """Tell whether a server takes TLS 1.0 from the client."""
    # OpenSSL itself refuses it at a higher level than 0.
    old = ("-tls1", "-cipher", "ALL:@SECLEVEL=0", "-starttls", "smtp")
    return "New, TLSv1.0, Cipher is ECDHE" in on(
        "client", "openssl", "s_client", "-connect", f"{hostname}:{port}", *old, status=None
    )


def test_starttls_on_587_and_old_senders_are_let_in_when_asked_for_and_only_then(
    site: Site, lab_facts: dict[str, Any]
) -> None:
    assert site.second.status == 0
    wanted = json.dumps({"mail_submission_starttls": True, "mail_old_senders_until": "2099-12-31"})
    for playbook in ("hosts", "cutover"):
        assert play(f"playbooks/{playbook}.yml", "-e", wanted).status == 0
    for host, (hostname, address) in {
        "mx1": ("mx1.alpha.test", "taro@alpha.test"),
        "mx2": ("mx2.gamma.test", "saburo@gamma.test"),
    }.items():
        target = Target(hostname, lab_facts["hosts"][host]["ipv4"], "IPv4")
        password = f"correct horse {address.partition('@')[0]}"
        with Smtp(target, 587) as session:
            assert "AUTH" not in session.hello()
            assert session.login(address, password).startswith("530")
            assert "AUTH" in session.upgrade()
            assert session.login(address, password).startswith("235")
            assert session.command(f"MAIL FROM:<{address}>").startswith("250")
            assert session.command("RCPT TO:<friend@peer.test>").startswith("250")
        assert takes_tls_1_0(hostname, 25)
        assert not takes_tls_1_0(hostname, 587)
    for playbook in ("hosts", "cutover"):
        assert play(f"playbooks/{playbook}.yml").status == 0
    assert not takes_tls_1_0(hostname, 25)
    for host in MAIL_HOSTS:
        assert 587 not in answering(lab_facts, host)
