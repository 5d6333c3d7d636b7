"""site.yml on bare hosts: it announces itself, converges, opens last, and then changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import MAIL_HOSTS, Site, answering, on

SERVED = {22, 25, 80, 465, 993, 995, 4190}
ALLOWED = SERVED | {443}


def test_dry_run_on_bare_hosts_ends_well_and_changes_nothing(site: Site) -> None:
    assert site.check.status == 0


def test_no_mail_port_answers_before_the_cutover(site: Site) -> None:
    assert site.before_cutover == {host: [] for host in MAIL_HOSTS}


def test_first_run_succeeds_on_both_releases(site: Site) -> None:
    assert site.first.status == 0, site.first.output[-3000:]


def test_second_run_changes_nothing(site: Site) -> None:
    assert site.second.status == 0
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
