"""What breaks is seen, named and mended: by verify, by the roles, and by running again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from labkit import Play, Site, on, play
from labmail import Post
from postwright.report import read

pytestmark = pytest.mark.usefixtures("site")

_UNITS = (
    "dovecot", "rspamd", "postsrsd", "redis-server", "nginx", "nftables", "postwright-tls-policy",
)  # fmt: skip
UNITS = {"mx1": ["postfix", *_UNITS], "mx2": ["postfix@-", *_UNITS]}

NEAR_ITS_END = "certificates_renew_days=3650 certificates_alarm_days=3650"


@contextmanager
def broken(host: str, do: str, undo: str) -> Iterator[None]:
    """Break something on a host for a while."""
    on(host, "sh", "-ec", do)
    try:
        yield
    finally:
        on(host, "sh", "-ec", undo)


def test_each_stopped_service_turns_verify_red_on_both_releases() -> None:
    for host, units in UNITS.items():
        on(host, "systemctl", "stop", *units)
    try:
        seen = play("playbooks/verify.yml", "--limit", "mail_hosts")
    finally:
        for host, units in UNITS.items():
            on(host, "systemctl", "start", *units)
    assert seen.status != 0
    for host, units in UNITS.items():
        assert seen.recap()[host]["failed"] == 1
        for unit in units:
            name = unit.partition("@")[0]
            red = f"- service runs and comes back after a reboot: {name}: "
            # In the error's first print and in its last, for each host.
            assert seen.output.count(red) >= len(UNITS), name


def test_each_opened_door_turns_the_probe_red_and_site_shuts_it(tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    on("mx1", "postconf", "-e",
       # Postfix refuses to start as an open relay that is written down openly.
       "smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination",
       "smtpd_recipient_restrictions = check_client_access static:OK",
       "submission_sender_restrictions = permit", "smtpd_sasl_auth_enable = yes",
       "smtpd_tls_auth_only = no", "smtpd_forbid_bare_newline = no",
       "smtpd_reject_unlisted_recipient = no",
       "smtpd_tls_protocols = >=TLSv1", "smtpd_forbid_unauth_pipelining = no")  # fmt: skip
    on("mx1", "sh", "-ec", "echo 'return' >/etc/rspamd/rspamd.local.lua")
    on("mx1", "systemctl", "restart", "postfix", "rspamd")
    on("mx2", "systemctl", "stop", "rspamd")
    few = {"taro@alpha.test": "correct horse taro", "saburo@gamma.test": "correct horse saburo"}
    # What does not arrive at once does not arrive.
    extra = {"verify_report": str(report), "verify_passwords": few, "verify_patience": 10}
    seen = play("playbooks/verify.yml", "-e", json.dumps(extra))
    assert seen.status != 0
    outside = [entry for entry in read(report) if entry.part == "outside" and not entry.ok]
    red = {entry.check for entry in outside if "mx1" in entry.subject}
    assert red >= {
        "relay_without_auth",
        "relay_as_own_domain",
        "relay_null_sender",
        "unknown_recipient",
        "send_only_recipient",
        "auth_on_25_in_clear",
        "auth_on_25_under_tls",
        "smuggling_LF.LF",
        "pose_as_outsider",
        "header_pose_as_outsider",
        "null_sender",
    }
    # Without Rspamd mail would leave unsigned: submission is told to come again.
    late = [entry for entry in outside if entry.subject.startswith("saburo@gamma.test to")]
    assert {entry.check for entry in late} == {"submitted"}
    assert all(re.search(r"\b4\d\d 4\.\d", entry.seen) for entry in late), late
    mended = play("site.yml")
    assert mended.status == 0, mended.output[-3000:]
    # What waited goes on, so that it waits in nobody else's scenario.
    for host in UNITS:
        on(host, "postqueue", "-f")


def test_acme_server_down_is_said_and_services_keep_their_certificate(
    lab_facts: dict[str, Any],
) -> None:
    acme = lab_facts["hosts"]["acme"]
    fingerprint = ("openssl", "x509", "-noout", "-fingerprint", "-in",
                   "/var/lib/dehydrated/certs/mx1.alpha.test/cert.pem")  # fmt: skip
    before = on("mx1", *fingerprint)
    routes = (
        f"ip route {{0}} unreachable {acme['ipv4']}; ip -6 route {{0}} unreachable {acme['ipv6']}"
    )
    unit, subject = "postwright-certificates.service", "mx1.alpha.test: the certificate of"
    post = Post(lab_facts)
    told = post.count("taro@alpha.test", subject)
    _near_its_end("mx1")
    with broken("mx1", routes.format("add"), routes.format("del")):
        # As the timer does it, twice; the postmaster hears of it once a day.
        for _ in range(2):
            on("mx1", "systemctl", "start", unit, status=1)
        assert on("mx1", "systemctl", "is-failed", unit) == "failed\n"
        letter = post.arrived("taro@alpha.test", subject)
        seen = play("playbooks/hosts.yml", "--limit", "mx1", "-e", NEAR_ITS_END)
    assert seen.status == 0, seen.output
    assert "mx1.alpha.test: the ACME server gave no certificate" in seen.output
    assert "the present one is still valid" in seen.output
    assert "Is the ACME server up" in seen.output
    assert on("mx1", *fingerprint) == before
    assert letter is not None
    assert b"mx1.alpha.test ends in 89 days" in letter
    assert b"the ACME server gave no certificate (the present one is still valid)" in letter
    assert b"To mend it: is the ACME server up" in letter
    verified = play("playbooks/verify.yml", "--limit", "mx1")
    assert verified.status != 0
    assert "no certificate is near its end: " in verified.output
    assert "no unit has failed: " in verified.output
    assert play("playbooks/keys.yml", "--limit", "mx1").status == 0
    on("mx1", "/usr/local/sbin/postwright-certificates", "renew")
    assert on("mx1", "systemctl", "is-failed", unit, status=1) == "inactive\n"
    assert post.count("taro@alpha.test", subject) == told + 1


def _near_its_end(host: str) -> None:
    """Have a host take its certificate for one to renew, until keys.yml or hosts.yml runs."""
    on(host, "sed", "-Ei", 's/"(renew|alarm)_days": [0-9]*/"\\1_days": 3650/',
       "/etc/postwright/certificates.json")  # fmt: skip


def _refused(provider: dict[str, Any], lab_facts: dict[str, Any]) -> Play:
    lab = {
        "driver": "rfc2136",
        "server": lab_facts["hosts"]["ns1"]["ipv4"],
        "key_name": lab_facts["tsig"]["name"],
        "key_secret": lab_facts["tsig"]["secret"],
    }
    return play("site.yml", "-e", json.dumps({"dns_providers": {"lab": {**lab, **provider}}}))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key_secret": "d3Jvbmcgc2VjcmV0"}, "dns_providers.lab.key_secret"),
        ({"server": "198.18.255.254"}, "dns_providers.lab"),
    ],
    ids=["refused key", "no server"],
)
def test_a_dns_provider_that_refuses_stops_the_run_before_any_change(
    lab_facts: dict[str, Any], wrong: dict[str, Any], said: str
) -> None:
    seen = _refused(wrong, lab_facts)
    assert seen.status != 0
    assert said in seen.output
    assert "needed by: alpha.test" in seen.output
    assert {counters["changed"] for counters in seen.recap().values()} == {0}
    assert "Keys are made where they are used" not in seen.output


def test_a_refused_configuration_replaces_nothing(site: Site) -> None:
    assert site.second.status == 0
    kept = on("mx2", "sha256sum", "/etc/dovecot/dovecot.conf")
    seen = play("playbooks/hosts.yml", "--limit", "mx2", "-e", "dovecot_auth_cache_ttl=soon")
    assert seen.status != 0
    assert "the new configuration was refused and nothing was replaced" in seen.output
    assert "/etc/dovecot/dovecot.conf line" in seen.output
    assert "reads: auth_cache_ttl = soon" in seen.output
    assert on("mx2", "sha256sum", "/etc/dovecot/dovecot.conf") == kept
