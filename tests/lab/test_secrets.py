"""No secret of the lab can be read by another user of a mail host, nor stands in its journal."""

from __future__ import annotations

import secrets

import pytest

from labkit import MAIL_HOSTS, lab, on
from labsecrets import Found, search

pytestmark = pytest.mark.usefixtures("site")

# Who reads what beside root: Dovecot its accounts, Rspamd its signing keys.
READERS = {"/etc/dovecot/": "dovecot", "/var/lib/postwright/dkim/": "_rspamd"}


def open_to_others(found: Found) -> list[str]:
    """Return the files with a secret that others than root and their one daemon can read."""
    wrong = []
    for path, (user, group, mode) in found.files.items():
        reader = next((READERS[at] for at in READERS if path.startswith(at)), None)
        allowed = 0o640 if reader == group else 0o600
        if user != 0 or mode & ~allowed:
            wrong.append(f"{path}: user {user}, group {group}, mode {mode:o}")
    return wrong


@pytest.fixture(scope="module", params=MAIL_HOSTS)
def host(request: pytest.FixtureRequest) -> str:
    """Each mail host."""
    return str(request.param)


@pytest.fixture(scope="module")
def found(host: str) -> Found:
    """Every place on a host that holds a secret."""
    return search(host)


def test_files_with_secrets_are_open_to_their_daemon_alone(found: Found) -> None:
    assert found.searched > 300
    assert {"/etc/dovecot/users"} < set(found.files)
    assert any(path.endswith("privkey.pem") for path in found.files)
    assert open_to_others(found) == []


def test_no_secret_stands_in_the_journal(found: Found) -> None:
    assert found.journal == []


def test_a_leak_would_be_seen(host: str) -> None:
    secret = secrets.token_hex(16)
    script = "umask 022; cat >/var/lib/leak; systemd-cat -t leak cat /var/lib/leak"
    lab("exec", host, "--", "sh", "-c", script, input=f"password={secret}\n")
    try:
        leaked = search(host, secret)
    finally:
        on(host, "rm", "/var/lib/leak")
    assert any(line.startswith("/var/lib/leak:") for line in open_to_others(leaked))
    assert secret in leaked.journal
