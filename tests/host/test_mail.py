"""Postfix, Dovecot and Rspamd know exactly the accounts and addresses of the inventory."""

from __future__ import annotations

from typing import Any

from testinfra.host import Host


def test_each_account_has_a_home_of_its_own(host: Host, mail: dict[str, Any]) -> None:
    homes = {}
    for box in mail["mailboxes"]:
        home = host.check_output("doveadm user -f home %s", box["address"])
        # Dovecot 2.4 takes 2.3's %d/%n literally, and all accounts would share one mailbox.
        assert "%" not in home
        assert home.endswith(f"/{box['domain']}/{box['user']}")
        homes[home] = box["address"]
    assert len(homes) == len(mail["mailboxes"])


def test_quota_is_the_inventorys(host: Host, mail: dict[str, Any]) -> None:
    for box in mail["mailboxes"]:
        text = host.check_output("doveadm -f tab quota get -u %s", box["address"])
        storage = next(line for line in text.splitlines() if "\tSTORAGE\t" in line)
        limit = storage.split("\t")[3]
        wanted = "-" if box["quota_bytes"] is None else str(box["quota_bytes"] // 1024)
        assert limit == wanted


def test_postfix_knows_the_mailboxes_that_receive(host: Host, mail: dict[str, Any]) -> None:
    known = _table(host, "virtual_mailbox_maps")
    assert set(known) == {box["address"] for box in mail["mailboxes"] if box["receives"]}


def test_postfix_knows_the_aliases(host: Host, mail: dict[str, Any]) -> None:
    known = _table(host, "virtual_alias_maps")
    assert {key: value.split(", ") for key, value in known.items()} == {
        alias["address"]: alias["targets"] for alias in mail["aliases"]
    }


def test_postfix_knows_who_may_send_as_whom(host: Host, mail: dict[str, Any]) -> None:
    known = _table(host, "smtpd_sender_login_maps")
    assert {key: value.split(", ") for key, value in known.items()} == {
        sender["address"]: sender["logins"] for sender in mail["senders"]
    }


def _table(host: Host, name: str) -> dict[str, str]:
    text = host.check_output("postmap -s lmdb:/etc/postfix/%s", name)
    return dict(line.split("\t", 1) for line in text.splitlines())


def test_strangers_on_port_25_are_tested_and_nobody_is_unlimited_but_the_mail_hosts(
    host: Host, mail: dict[str, Any]
) -> None:
    assert host.check_output("postconf -M smtp/inet").split()[-1] == "postscreen"
    assert host.check_output("postconf -h postscreen_greet_action") == "enforce"
    known = "postmap -q %s cidr:/etc/postfix/clients_unlimited"
    for address in mail["host_addresses"]:
        assert host.check_output(known, address) == "permit"
    # Reserved for documentation (RFC 5737, RFC 3849).
    for address in ("192.0.2.1", "2001:db8::1"):
        assert host.run(known, address).rc == 1


def test_configurations_satisfy_their_own_programs(host: Host) -> None:
    assert host.run("postfix check").stderr == ""
    assert host.run("doveconf -n").rc == 0
    assert host.run("rspamadm configtest").rc == 0
    assert host.run("nginx -t -q").rc == 0


def test_each_domain_has_two_signing_keys_that_rspamd_can_read(
    host: Host, mail: dict[str, Any]
) -> None:
    for domain in mail["dkim_domains"]:
        folder = host.file(f"/var/lib/postwright/dkim/{domain}")
        keys = [host.file(f"{folder.path}/{n}") for n in folder.listdir() if n.endswith(".key")]
        assert {key.path.rsplit("-", 1)[0][-1] for key in keys} == {"r", "e"}
        for key in keys:
            assert (key.user, key.group, key.mode) == ("root", "_rspamd", 0o640)


def test_secrets_are_closed_to_other_users(host: Host) -> None:
    users = host.file("/etc/dovecot/users")
    assert (users.user, users.group, users.mode) == ("root", "dovecot", 0o640)
