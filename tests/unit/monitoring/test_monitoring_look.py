"""What the host's monitoring makes of a journal, a queue and disks."""

from __future__ import annotations

import importlib
import json
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
# As Debian 12 and 13 write them.
LINES = {
    "delivered": "h postfix/lmtp[1]: 2B: to=<a@b.test>, relay=h[lmtp], status=sent (250)",
    "sent": "h postfix/relay-isp/smtp[1]: 2B: to=<a@b.test>, relay=x:587, status=sent (250)",
    "deferred": "h postfix/smtp[1]: 2B: to=<a@b.test>, relay=none, status=deferred (timed out)",
    "bounced": "h postfix/smtp[1]: 2B: to=<a@b.test>, relay=x[198.18.0.1]:25, status=bounced (550)",
    "rejected": "h postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[198.18.0.1]: 550 5.1.1",
    "login": "h dovecot[1]: imap-login: Logged in: user=<a@b.test>, method=PLAIN",
    "login_failed": "h dovecot[1]: imap-login: Disconnected: closed (auth failed, 1 attempts",
}
CONFIG = {
    "host": "mx1.test",
    "queue_hours": 4,
    "queue_messages": 500,
    "login_failures": 200,
    "disk_percent": 90,
}


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program's modules, as they lie on a host."""
    for role in ("monitoring", "certificates"):
        monkeypatch.syspath_prepend(str(ROOT / "roles" / role / "files"))
    return SimpleNamespace(
        **{
            name: importlib.import_module(f"postwright_monitoring.{name}")
            for name in ("look", "alarm", "metrics")
        }
    )


@pytest.mark.parametrize("event", LINES)
def test_a_line_of_the_journal_counts_once(program: Any, event: str) -> None:
    counted = program.look.count(f"Nov 25 16:00:00 {LINES[event]}\nNov 25 16:00:01 h cron[1]: x")
    assert {name for name, number in counted.items() if number} == {event}


@pytest.mark.parametrize(
    "line",
    [
        "h postfix/cleanup[1]: 2B: milter-reject: END-OF-MESSAGE from x[198.18.0.1]: 5.7.1",
        "h postfix/submissions/smtpd[1]: NOQUEUE: reject: RCPT from x[198.18.0.1]: 553 5.7.1",
        "h postfix/postscreen[1]: NOQUEUE: reject: RCPT from [198.18.0.1]:34001: 550 5.5.1",
    ],
)
def test_what_is_refused_anywhere_is_refused(program: Any, line: str) -> None:
    assert program.look.count(line)["rejected"] == 1


def test_a_login_that_fails_at_submission_counts(program: Any) -> None:
    line = (
        "h postfix/submissions/smtpd[1]: warning: x[198.18.0.1]: SASL PLAIN authentication failed"
    )
    assert program.look.count(line)["login_failed"] == 1


def test_an_old_message_is_trouble_and_a_young_one_is_none(program: Any) -> None:
    hours = [3.5, 4.5]
    young, old = ([{"arrival_time": time.time() - each * 3600}] for each in hours)
    assert program.alarm.in_queue(young, CONFIG) == ""
    assert "1 messages wait" in program.alarm.in_queue(old, CONFIG)
    assert program.alarm.in_queue([], CONFIG) == ""
    assert "Postfix" in program.alarm.in_queue(None, CONFIG)


def test_a_nearly_full_disk_is_named(program: Any) -> None:
    said = program.alarm.in_disks({"/": 0.5, "/var": 0.93}, CONFIG)
    assert "/var is 93 % full" in said
    assert "/ is 50" not in said
    assert program.alarm.in_disks({"/": 0.89}, CONFIG) == ""


def test_every_metric_that_an_alert_or_the_dashboard_names_is_written(program: Any) -> None:
    source = (ROOT / "roles/monitoring/files/postwright_monitoring/metrics.py").read_text("utf-8")
    rules = yaml.safe_load((ROOT / "monitoring/alerts.yml").read_text("utf-8"))["groups"]
    asked = " ".join(rule["expr"] for group in rules for rule in group["rules"])
    panels = json.loads((ROOT / "monitoring/dashboard.json").read_text("utf-8"))["panels"]
    asked += " ".join(target["expr"] for panel in panels for target in panel["targets"])
    named = set(re.findall(r"postwright_\w+", asked))
    assert named
    assert {name for name in named if f'"{name}"' not in source} == set()
    counted = set(re.findall(r"dovecot_(\w+?)(?:_duration_seconds)?_total", asked))
    for version in ("2.3", "2.4"):
        place = f"roles/dovecot/templates/etc/dovecot/dovecot-{version}.conf.j2"
        metrics = re.findall(r"^metric (\w+)", (ROOT / place).read_text("utf-8"), re.MULTILINE)
        assert counted <= set(metrics), version
    events = set(re.findall(r'event="(\w+)"', asked))
    assert events <= set(program.look.EVENTS)


# As Dovecot 2.3 and 2.4 tell it: OpenMetrics.
TOLD = """# TYPE dovecot_build info
dovecot_build_info{version="2.3.19.1",revision="9b53102964"} 1
# TYPE dovecot_auth counter
dovecot_auth_total{%s="imap"} 2
dovecot_auth_count 2
# TYPE dovecot_auth_duration_seconds counter
dovecot_auth_duration_seconds_total{%s="imap"} 0.359985
dovecot_auth_duration_seconds_sum 0.359985
# TYPE dovecot_delivery counter
dovecot_delivery_total 1
# EOF
"""


@pytest.mark.parametrize("label", ["service", "protocol"])
def test_what_dovecot_tells_is_written_as_prometheus_reads_it(
    program: Any, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setattr(program.metrics, "asked", lambda _: TOLD.replace("%s", label))
    lines = program.metrics.dovecot().splitlines()
    assert [line for line in lines if not line.startswith("# HELP")] == [
        "# TYPE postwright_dovecot_up gauge",
        "postwright_dovecot_up 1",
        "# TYPE dovecot_auth_total counter",
        'dovecot_auth_total{protocol="imap"} 2',
        "# TYPE dovecot_auth_duration_seconds_total counter",
        'dovecot_auth_duration_seconds_total{protocol="imap"} 0.359985',
        "# TYPE dovecot_delivery_total counter",
        "dovecot_delivery_total 1",
    ]


def test_a_dovecot_that_is_down_is_told_as_down(
    program: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(program.metrics, "DOVECOT", str(tmp_path / "none"))
    assert program.metrics.dovecot().splitlines()[-1] == "postwright_dovecot_up 0"
