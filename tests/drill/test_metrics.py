"""Prometheus's own tool accepts the alert rules and the metrics of both releases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, ROOT, lab, on, play
from labmail import Post
from postwright.probe.wire import Smtp

TOOL = "/usr/bin/promtool"
READERS = {"mx1": "hanako@beta.test", "mx2": "saburo@gamma.test"}
SOCKET = "/run/dovecot/http"
EXPORTER = "prometheus-node-exporter"


@pytest.fixture(scope="module")
def promtool(facts: dict[str, Any]) -> None:
    """Prometheus's tool on `client`."""
    on("client", "apt-get", "-qq", "update")
    on("client", "apt-get", "-qqy", "install", "--no-install-recommends", "promtool")


@pytest.fixture(scope="module")
def watched(facts: dict[str, Any]) -> Iterator[None]:
    """Both hosts with metrics and without a daily letter, and the other way round again."""
    client = facts["hosts"]["client"]["ipv4"]
    wanted = {"monitoring_allowed": [client], "monitoring_daily_summary": False}
    built = play("playbooks/hosts.yml", "-e", json.dumps(wanted))
    assert built.status == 0, built.output[-3000:]
    yield
    assert play("playbooks/hosts.yml").status == 0
    for host in MAIL_HOSTS:
        assert "9100" not in _listeners(host)
        assert _timers(host) == {"alarm", "summary"}
        assert EXPORTER not in on(host, "find", "/etc", "/var/lib", "-name", f"*{EXPORTER}*")
    again = play("playbooks/hosts.yml")
    assert {counters["changed"] for counters in again.recap().values()} == {0}


def _listeners(host: str) -> set[str]:
    return {line.split()[3].rsplit(":", 1)[1] for line in on(host, "ss", "-Hltn").splitlines()}


def _timers(host: str) -> set[str]:
    """Return what the host looks after by the clock."""
    said = on(host, "systemctl", "list-timers", "--plain", "--no-legend", "postwright-monitoring*")
    return set(re.findall(r"postwright-monitoring-(\w+)\.timer", said))


def _counted(host: str) -> dict[str, float]:
    """Return Dovecot's numbers as the exporter tells them."""
    on(host, "systemctl", "start", "postwright-monitoring@metrics")
    read = 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9100/metrics").read())'
    said = on(host, "python3", "-c", read.replace("read()", "read().decode()"))
    assert "\nnode_textfile_scrape_error 0\n" in said
    found = re.findall(r"^(dovecot_\S+) (\S+)$", said, re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_without_monitoring_dovecot_counts_nothing(facts: dict[str, Any], host: str) -> None:
    assert "metric " not in on(host, "doveconf", "-n")
    # The socket of a Dovecot that counted before may lie there; nobody listens on it.
    assert SOCKET not in on(host, "ss", "-Hlx")
    assert "9100" not in _listeners(host)


@pytest.mark.usefixtures("promtool", "watched")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_promtool_accepts_the_metrics(host: str, say: Say) -> None:
    text = on(host, "postwright-monitoring", "metrics", "--show")
    # Rspamd's own names are Rspamd's to choose.
    ours = [line for line in text.splitlines() if "postwright_" in line or "dovecot_" in line]
    say(f"{host}: {len(text.splitlines())} lines of metrics, {len(ours)} of them ours")
    assert {"postwright_rspamd_up 1", "postwright_dovecot_up 1"} <= set(ours)
    lab("exec", "client", "--", TOOL, "check", "metrics", input="\n".join([*ours, ""]))


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_logins_and_deliveries_are_counted_by_what_they_were(
    facts: dict[str, Any], host: str, say: Say
) -> None:
    post, reader = Post(facts), READERS[host]
    before = _counted(host)
    # Submission by the sender, delivery to the reader, and at least one login to see it.
    token, reply = post.send(reader, reader)
    assert reply.startswith("250"), reply
    assert post.arrived(reader, token)
    with Smtp(post.target(reader), 465, implicit_tls=True) as session:
        session.hello()
        assert session.login(reader, "wrong").startswith("535")
    after = _counted(host)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    say(f"{host}: {json.dumps({name: value for name, value in grown.items() if value})}")
    assert grown['dovecot_auth_total{protocol="imap"}'] >= 1
    assert grown['dovecot_auth_total{protocol="smtp"}'] == 1
    assert grown['dovecot_auth_failed_total{protocol="smtp"}'] == 1
    assert grown['dovecot_imap_command_total{cmd_name="SELECT"}'] >= 1
    assert grown["dovecot_delivery_total"] == 1
    assert grown["dovecot_delivery_failed_total"] == 0
    assert grown["dovecot_session_total"] >= 1


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_nobody_but_root_reads_what_dovecot_has_counted(host: str) -> None:
    assert on(host, "stat", "-c", "%U %a", SOCKET) == "root 600\n"
    served = {"22", "25", "465", "993", "995", "4190", "80", "443", "53"}
    assert _listeners(host) - served <= {"9100", "10001", "10002", "10025"}


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_no_letter_comes_each_day_where_none_is_wanted(host: str) -> None:
    assert _timers(host) == {"alarm", "metrics"}


@pytest.mark.usefixtures("promtool")
def test_promtool_accepts_the_alert_rules() -> None:
    rules = (ROOT / "monitoring" / "alerts.yml").read_text(encoding="utf-8")
    said = lab("exec", "client", "--", TOOL, "check", "rules", "/dev/stdin", input=rules)
    assert "SUCCESS: 14 rules found" in said
