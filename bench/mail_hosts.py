"""The contenders of the mail bench: accounts on our hosts, and Debian's own with the same ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from bench.stock import PACKAGES, ROOT, Stock, command, on

ACCOUNTS = tuple(f"bench{number:02}" for number in range(100))
DOMAINS = {"mx1": "alpha.test", "mx2": "gamma.test"}
"""Each mail host, and the domain of its accounts."""

# The accounts share taro's password, and so its hash (inventory/lab).
WITH_PASSWORD_OF = ("alpha.test", "taro")
PASSWORD = f"correct horse {WITH_PASSWORD_OF[1]}"

# What a package leaves to whoever installs it: accounts, Maildir, and LMTP to Dovecot.
MAILBOXES = f"""
echo 'bench.test' >/etc/mailname
postconf -e mydestination=bench.test mailbox_transport=lmtp:unix:private/dovecot-lmtp
for name in {" ".join(ACCOUNTS)}; do
  useradd --create-home "$name"
  echo "$name:{PASSWORD}"
done | chpasswd
case $(dovecot --version) in
  2.3.*) echo 'mail_location = maildir:~/Maildir'; echo 'auth_username_format = %Ln' ;;
  *) echo 'mail_driver = maildir'; echo 'mail_path = ~/Maildir'; echo 'mail_inbox_path = ~/Maildir'
     echo 'auth_username_format = %{{user | username | lower}}' ;;
esac >>/etc/dovecot/local.conf
cat >>/etc/dovecot/local.conf <<END
service lmtp {{
  unix_listener /var/spool/postfix/private/dovecot-lmtp {{
    user = postfix
    group = postfix
    mode = 0600
  }}
}}
END
"""
MILTER = 11332
FILTER = f"postconf -e smtpd_milters=inet:localhost:{MILTER}\n"
START_FILTER = """
mkdir -p /run/rspamd
chown _rspamd:_rspamd /run/rspamd
rspamd -u _rspamd -g _rspamd
"""
PLAIN = Stock("plain", 10025, 10993, MAILBOXES)
FILTERING = Stock(
    "filtering", 20025, 20993, MAILBOXES + FILTER, START_FILTER, (*PACKAGES, "rspamd"), (MILTER,)
)


@contextmanager
def accounts() -> Iterator[None]:
    """Have the accounts on our hosts for a while."""
    everything = yaml.safe_load(
        (ROOT / "inventory/lab/group_vars/all/mail.yml").read_text(encoding="utf-8")
    )
    domains = everything["mail_domains"]
    domain, name = WITH_PASSWORD_OF
    own = {"password_hash": domains[domain]["accounts"][name]["password_hash"]}
    for each in DOMAINS.values():
        domains[each]["accounts"] |= dict.fromkeys(ACCOUNTS, own)
    with TemporaryDirectory() as place:
        file = Path(place) / "accounts.json"
        file.write_text(json.dumps({"mail_domains": domains}), encoding="utf-8")
        _play("playbooks/hosts.yml", "-e", f"@{file}")
    try:
        yield
    finally:
        _play("playbooks/hosts.yml")
        for host, each in DOMAINS.items():
            on(host, "find", f"/var/vmail/{each}", "-name", "bench*", "-prune",
               "-exec", "rm", "-r", "{}", "+")  # fmt: skip


def _play(*words: str) -> None:
    command(str(ROOT / ".venv/bin/ansible-playbook"), "-i", "inventory/lab", *words)
