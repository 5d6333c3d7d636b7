"""What a domain promises over HTTPS is served, with a certificate that others trust."""

from __future__ import annotations

from typing import Any

from testinfra.host import Host

FETCH = "curl -sSf --max-time 10 --resolve %s:443:127.0.0.1 https://%s%s"


def test_each_mta_sts_policy_is_served(host: Host, mail: dict[str, Any]) -> None:
    good: dict[str, set[str]] = {}
    # Until all is proven, a policy only tests.
    for each in [*mail["policies"], *mail["untried_policies"]]:
        good.setdefault(each["dest"], set()).add(each["content"])
    for site in mail["sites"]:
        if site["policy_file"] is None:
            continue
        name = f"mta-sts.{site['domain']}"
        seen = host.run(FETCH, name, name, "/.well-known/mta-sts.txt")
        assert seen.rc == 0, f"{name}: {seen.stderr}"
        assert seen.stdout in good[site["policy_file"]]


def test_each_domain_serves_settings_for_mail_programs(host: Host, mail: dict[str, Any]) -> None:
    for site in mail["sites"]:
        name = f"autoconfig.{site['domain']}"
        if name not in site["names"]:
            continue
        seen = host.run(FETCH, name, name, "/mail/config-v1.1.xml")
        assert seen.rc == 0, f"{name}: {seen.stderr}"
        assert f"<hostname>{mail['host']['hostname']}</hostname>" in seen.stdout


def test_a_name_without_a_certificate_is_refused(host: Host, mail: dict[str, Any]) -> None:
    name = mail["host"]["hostname"]
    if mail["sites"]:
        assert "unrecognized name" in host.run(FETCH, name, name, "/").stderr
