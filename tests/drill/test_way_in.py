"""A change that shuts SSH is taken back over the connection that is still open, and said."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import MAIL_HOSTS, on, play

OURS = "/etc/ssh/sshd_config.d/10-postwright.conf"
FOREIGN = "/etc/ssh/sshd_config.d/05-drill.conf"


@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_a_refused_second_connection_takes_the_change_back(
    host: str, facts: dict[str, Any]
) -> None:
    # It comes into force with our own change: sshd reads it at the next reload.
    on(host, "sh", "-ec", f"echo 'AllowUsers nobody' >{FOREIGN}; rm {OURS}")
    try:
        seen = play("playbooks/hosts.yml", "--limit", host)
        assert seen.status != 0
        assert "sshd took no second connection" in seen.output
        on(host, "test", "!", "-e", OURS)
    finally:
        on(host, "sh", "-ec", f"rm {FOREIGN}; systemctl reload ssh")
    assert play("playbooks/hosts.yml", "--limit", host).status == 0
    assert "passwordauthentication no" in on(host, "sshd", "-T")
