"""Prometheus's own tool accepts the alert rules and the metrics of both releases."""

from __future__ import annotations

from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, ROOT, lab, on

TOOL = "/usr/bin/promtool"


@pytest.fixture(scope="module")
def promtool(facts: dict[str, Any]) -> None:
    """Prometheus's tool on `client`."""
    on("client", "apt-get", "-qq", "update")
    on("client", "apt-get", "-qqy", "install", "--no-install-recommends", "promtool")


@pytest.mark.usefixtures("promtool")
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_promtool_accepts_the_metrics(host: str, say: Say) -> None:
    text = on(host, "postwright-monitoring", "metrics", "--show")
    # Rspamd's own names are Rspamd's to choose.
    ours = [line for line in text.splitlines() if "postwright_" in line]
    say(f"{host}: {len(text.splitlines())} lines of metrics, {len(ours)} of them ours")
    assert "postwright_rspamd_up 1" in ours
    lab("exec", "client", "--", TOOL, "check", "metrics", input="\n".join([*ours, ""]))


@pytest.mark.usefixtures("promtool")
def test_promtool_accepts_the_alert_rules() -> None:
    rules = (ROOT / "monitoring" / "alerts.yml").read_text(encoding="utf-8")
    said = lab("exec", "client", "--", TOOL, "check", "rules", "/dev/stdin", input=rules)
    assert "SUCCESS: 9 rules found" in said
