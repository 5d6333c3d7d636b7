"""Whoever breaks into a host cannot send: outbound port 25 is Postfix's alone (OP25B), and Postfix
takes mail from the host's own users only where they have something to say.
"""

from __future__ import annotations

from typing import Any

import pytest

from abuse_cases import NAMES
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


@pytest.mark.parametrize("host", MAIL_HOSTS)
@pytest.mark.parametrize(
    ("user", "status"), [("root", 0), ("vmail", 0), ("nobody", 75), ("www-data", 75)]
)
def test_sendmail_serves_those_who_have_something_to_say(
    user: str, status: int, host: str, facts: dict[str, Any]
) -> None:
    names = NAMES[host]
    group = "nogroup" if user == "nobody" else user
    line = (
        f"printf 'Subject: {user}\\n\\nbody\\n' | setpriv --reuid {user} --regid {group}"
        f" --clear-groups sendmail -f {names['other']} {names['other']}"
    )
    on(host, "sh", "-c", line, status=status)
