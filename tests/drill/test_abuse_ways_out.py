"""Outbound port 25 is Postfix's alone (OP25B): whoever breaks in cannot send past it."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import MAIL_HOSTS, on

# Connects as a user and prints what was said, or why nothing was.
TRY = """
import os, pwd, socket, sys
os.setuid(pwd.getpwnam(sys.argv[1]).pw_uid)
try:
    print(socket.create_connection((sys.argv[2], 25), 5).recv(3).decode())
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("host", MAIL_HOSTS)
def test_port_25_of_others_is_for_postfix_alone(
    host: str, family: str, facts: dict[str, Any]
) -> None:
    peer = facts["hosts"]["peer"][family]
    said = {
        user: on(host, "python3", "-c", TRY, user, peer).strip()
        for user in ("root", "nobody", "vmail", "postfix")
    }
    assert said.pop("postfix") == "220"
    assert set(said.values()) == {"Connection refused"}
