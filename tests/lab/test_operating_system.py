"""What a taken-over daemon cannot do, and what the postmaster hears of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labkit import BIN, MAIL_HOSTS, command, on
from labmail import Post

pytestmark = pytest.mark.usefixtures("site")

POSTMASTERS = {"mx1": "taro@alpha.test", "mx2": "saburo@gamma.test"}
COUNT = "/etc/systemd/system/count"
COUNTS = f"""
printf '[Timer]\\nOnCalendar=daily\\n[Install]\\nWantedBy=timers.target\\n' >{COUNT}.timer
printf '[Service]\\nExecStart=/bin/false\\n' >{COUNT}.service
mkdir -p /srv/count/below
echo '{{}}' >/var/lib/postwright/loaded/count.timer.json
systemctl daemon-reload
systemctl enable --now count.timer
systemctl start count.service || true
"""
LEFT = (
    "systemctl list-units --all --quiet --no-legend 'count.*'; "
    "find /etc/systemd /srv /var/lib/postwright/loaded -name 'count*'"
)
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], 22), 5)"


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_daemons_user_is_refused_elsewhere_and_the_operator_is_free(
    lab_facts: dict[str, Any], host: str
) -> None:
    peer = lab_facts["hosts"]["peer"]
    for address in (peer["ipv4"], peer["ipv6"]):
        connect = ("python3", "-c", CONNECT, address)
        on(host, *connect)
        said = on(host, "sh", "-c", '"$@" 2>&1; true', "sh", "runuser", "-u", "unbound", "--",
                  *connect)  # fmt: skip
        # At once: a program that waits for an answer is not told why.
        assert "Connection refused" in said


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_the_postmaster_hears_once_of_a_unit_that_failed(
    lab_facts: dict[str, Any], host: str
) -> None:
    post, reader = Post(lab_facts), POSTMASTERS[host]
    subject = "trouble: units"
    # What else may be wrong is told before, and what is over may be news again.
    on(host, "systemctl", "start", "postwright-monitoring@alarm")
    told = post.count(reader, subject)
    on(host, "systemd-run", "--unit=broken", "--wait", "false", status=1)
    try:
        for _ in range(2):
            on(host, "systemctl", "start", "postwright-monitoring@alarm")
        letter = post.arrived(reader, subject)
    finally:
        on(host, "systemctl", "reset-failed", "broken")
    assert letter is not None
    assert b"broken.service has failed: systemctl status broken.service" in letter
    assert post.count(reader, subject) == told + 1
    # Once it is over, the next failure is news again.
    on(host, "systemctl", "start", "postwright-monitoring@alarm")
    assert on(host, "ls", "/var/lib/postwright/monitoring").count("units.sent") == 0


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_unit_that_is_turned_off_goes_with_all_that_belongs_to_it(host: str) -> None:
    words = {
        "units": ["count.timer", "count.service", "never.timer"],
        "paths": [f"{COUNT}.timer", f"{COUNT}.service", "/srv/count"],
    }
    gone = ("-i", "inventory/lab", host, "-m", "postwright.mail.gone", "-a", json.dumps(words))
    on(host, "sh", "-ec", COUNTS)
    assert len(on(host, "sh", "-c", LEFT).splitlines()) == 7
    for option, said in (("--check", "CHANGED"), ("--diff", "CHANGED"), ("--diff", "SUCCESS")):
        assert f"{host} | {said}" in command(str(BIN / "ansible"), *gone, option).stdout
    assert on(host, "sh", "-c", LEFT) == ""
