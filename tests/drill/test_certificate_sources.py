"""Certificates from elsewhere: another ACME server, an own CA, a second key; and back again."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alongside import ttl_passes
from dane_senders import Senders, dane_senders
from labkit import MAIL_HOSTS, ROOT, Play, on, play
from labmail import Post
from own_ca import OwnCa
from tls_clients import tls_clients

TOOL = "/usr/local/sbin/postwright-certificates"
SERVICE = "postwright-certificates.service"
HOSTNAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
# 32 bytes, as CAs give them: Debian 12's dehydrated can use no key that is not a multiple of 16.
EAB = {"kid": "operator-1", "key": base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")}
OTHER_ACME = "https://acme.test:24000/dir"
# As dehydrated names it.
ACCOUNT_THERE = "/var/lib/dehydrated/accounts/" + (
    base64.urlsafe_b64encode(f"{OTHER_ACME}\n".encode()).decode().rstrip("=")
)


@pytest.fixture
def other_acme(
    facts: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A second Pebble that asks for an external account and issues for ten days; how to use it."""
    config = json.loads(on("acme", "cat", "/etc/pebble/pebble.json"))
    config["pebble"] |= {
        "listenAddress": ":24000",
        "managementListenAddress": ":25000",
        "certificateValidityPeriod": 10 * 86400,
        "externalAccountBindingRequired": True,
        "externalAccountMACKeys": {EAB["kid"]: EAB["key"]},
    }
    # Pebble keeps nothing: an earlier one's accounts are unknown to this one.
    for host in MAIL_HOSTS:
        on(host, "rm", "-rf", ACCOUNT_THERE)
    on("acme", "sh", "-ec", f"echo {shlex.quote(json.dumps(config))} >/run/pebble-2.json")
    on("acme", "systemd-run", "--unit=pebble-2", "--collect", "-EPEBBLE_VA_NOSLEEP=1",
       "-EPEBBLE_WFE_NONCEREJECT=0", "-EPEBBLE_AUTHZREUSE=0", "/usr/bin/pebble",
       "-config", "/run/pebble-2.json", "-dnsserver", f"{facts['resolver']}:53")  # fmt: skip
    fetch = ("curl", "-sSf", "--retry", "20", "--retry-connrefused", "--retry-delay", "1")
    root = tmp_path / "root.pem"
    root.write_text(on("client", *fetch, "https://acme.test:25000/roots/0"), encoding="utf-8")
    # Whoever reads mail here has to trust both servers.
    trusted = tmp_path / "trusted.pem"
    ours = Path(facts["ca_file"]).read_text(encoding="utf-8")
    trusted.write_text(ours + root.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    yield {
        "certificates_acme_directory": OTHER_ACME,
        "certificates_acme_eab_kid": EAB["kid"],
        "certificates_acme_eab_key": EAB["key"],
        "certificates_ca_file": str(root),
    }
    on("acme", "systemctl", "stop", "pebble-2", status=None)


def converge(extra: dict[str, Any], *more: str) -> Play:
    """Run what makes keys, publishes them and brings certificates into use."""
    books = [f"playbooks/{name}.yml" for name in ("keys", "dns", "hosts")]
    return play(*books, "-e", json.dumps(extra), *more)


def facts_of(host: str) -> dict[str, Any]:
    """Return what a host tells DNS."""
    return dict(json.loads(on(host, TOOL, "describe")))


def served(hostname: str, port: str, algorithms: str) -> str:
    """Return the text of the certificate that a client gets who knows these signatures only."""
    ask = f"openssl s_client -connect {hostname}:{port} -sigalgs {algorithms} </dev/null"
    return on("client", "sh", "-c", f"{ask} 2>/dev/null | openssl x509 -noout -text")


def test_another_acme_server_asks_for_an_account_and_its_failure_is_told_in_time(
    facts: dict[str, Any], other_acme: dict[str, Any]
) -> None:
    before = {host: facts_of(host) for host in MAIL_HOSTS}
    moved = converge(other_acme, "--diff")
    assert moved.status == 0, moved.output[-3000:]
    assert EAB["key"] not in moved.output
    for host, hostname in HOSTNAMES.items():
        now = facts_of(host)
        assert now["tls_keys"] == before[host]["tls_keys"]
        assert now["account"].startswith("https://acme.test:24000/")
        assert on(host, "stat", "-c", "%a %U", "/etc/dehydrated/config") == "600 root\n"
        # Ten days are fewer than renew_days: the timer renews, for real.
        on(host, "systemctl", "start", SERVICE)
        said = on(host, "journalctl", "-o", "cat", "-n", "20", "-u", SERVICE)
        assert f"issued {hostname} (it was near its end)" in said
    on("acme", "systemctl", "stop", "pebble-2")
    post = Post(facts)
    for host, reader in {"mx1": "taro@alpha.test", "mx2": "saburo@gamma.test"}.items():
        on(host, "rm", "-f", "/var/lib/postwright/certificates/alarm.sent")
        on(host, "systemctl", "start", SERVICE, status=1)
        letter = post.arrived(reader, f"{HOSTNAMES[host]} ends in 9 days")
        assert letter is not None
        assert b"the ACME server gave no certificate" in letter
    verified = play("playbooks/verify.yml", "--limit", "mail_hosts")
    red = verified.recap()
    assert "no certificate is near its end: " in verified.output
    assert [red[host]["failed"] for host in MAIL_HOSTS] == [1, 1]
    back = converge({})
    assert back.status == 0, back.output[-3000:]
    for host in MAIL_HOSTS:
        now = facts_of(host)
        assert (now["account"], now["tls_keys"]) == (
            before[host]["account"], before[host]["tls_keys"]
        )  # fmt: skip
    verified = play("playbooks/verify.yml", "--limit", "mail_hosts")
    assert verified.status == 0, verified.output[-3000:]


def test_caa_names_both_accounts_until_the_certificates_have_moved(
    facts: dict[str, Any], other_acme: dict[str, Any]
) -> None:
    old = {host: facts_of(host)["account"] for host in MAIL_HOSTS}
    addresses = {name: facts["hosts"][host]["ipv4"] for host, name in HOSTNAMES.items()}
    with tls_clients(addresses) as wrong, dane_senders(list(HOSTNAMES.values())) as senders:
        for wanted in (other_acme, {}):
            extra = ("-e", json.dumps(wanted))
            announced = play("playbooks/keys.yml", "playbooks/announce.yml", *extra)
            assert announced.status == 0, announced.output[-3000:]
            new = {host: facts_of(host)["account"] for host in MAIL_HOSTS}
            for host, hostname in HOSTNAMES.items():
                assert caa(facts, hostname) == {old[host], new[host]}
            moved = play("playbooks/hosts.yml", "playbooks/cutover.yml", *extra)
            assert moved.status == 0, moved.output[-3000:]
            for host, hostname in HOSTNAMES.items():
                assert caa(facts, hostname) == {new[host]}
            old = new
        assert (wrong, senders.refused()) == ([], [])


def caa(facts: dict[str, Any], name: str) -> set[str]:
    """Return the ACME accounts that the authoritative server lets order for a name."""
    server = facts["hosts"]["ns1"]["ipv4"]
    said = on("client", "kdig", "+short", f"@{server}", name, "CAA")
    return set(re.findall(r"accounturi=([^\s;\"]+)", said))


def wait_for_it(wanted: dict[str, Any], senders: Senders) -> None:
    """Converge to new keys: they are published at once, and served when their TTL has passed."""
    before = {host: in_service(hostname) for host, hostname in HOSTNAMES.items()}
    first = converge(wanted)
    assert first.status == 0, first.output[-3000:]
    assert {host: in_service(hostname) for host, hostname in HOSTNAMES.items()} == before
    verified = play("playbooks/verify.yml", "--limit", "mail_hosts", "-e", json.dumps(wanted))
    assert verified.status == 0, verified.output[-3000:]
    assert verified.output.count("is served from") == len(MAIL_HOSTS)
    ttl_passes()
    last = converge(wanted)
    assert last.status == 0, last.output[-3000:]
    assert [facts_of(host)["waiting"] for host in MAIL_HOSTS] == [[], []]
    assert senders.refused() == []


def in_service(hostname: str) -> str:
    """Return the public key that port 25 shows to a client like any other."""
    ask = f"openssl s_client -connect {hostname}:25 -starttls smtp </dev/null 2>/dev/null"
    return on("client", "sh", "-c", f"{ask} | openssl x509 -noout -pubkey")


def test_peers_without_ecdsa_get_an_rsa_certificate_once_dane_knows_it(
    facts: dict[str, Any],
) -> None:
    wanted = {"mail_rsa_key_bits": 2048}
    with dane_senders(list(HOSTNAMES.values())) as senders:
        wait_for_it(wanted, senders)
        for hostname in HOSTNAMES.values():
            for port in ("465", "993", "25 -starttls smtp", "4190 -starttls sieve"):
                assert "rsaEncryption" in served(hostname, port, "RSA-PSS+SHA256")
                assert "id-ecPublicKey" in served(hostname, port, "ECDSA+SHA256:RSA-PSS+SHA256")
        again = converge(wanted)
        assert {counters["changed"] for counters in again.recap().values()} == {0}
        verified = play("playbooks/verify.yml", "--limit", "mail_hosts", "-e", json.dumps(wanted))
        assert verified.status == 0, verified.output[-3000:]
        assert senders.verified("rsa") == set(HOSTNAMES.values())
        # Keys that are not wanted any more are published for as long as they are served.
        assert play("playbooks/keys.yml", "playbooks/dns.yml").status == 0
        assert [len(facts_of(host)["tls_keys"]) for host in MAIL_HOSTS] == [3, 3]
        assert converge({}).status == 0
        assert [len(facts_of(host)["tls_keys"]) for host in MAIL_HOSTS] == [2, 2]
        assert senders.refused() == []
    assert play("playbooks/dns.yml").status == 0


def test_given_certificates_come_are_renewed_and_go_and_dane_senders_never_notice(
    facts: dict[str, Any], tmp_path: Path
) -> None:
    ca, before = OwnCa(tmp_path), {host: facts_of(host)["tls_keys"] for host in MAIL_HOSTS}
    own = [each for host in MAIL_HOSTS for each in certificates_of(host)]
    keys = {each["name"]: ca.new_key(each["name"]) for each in own}

    def given() -> dict[str, Any]:
        return {
            "certificates_ca_file": str(ca.root),
            "own": {
                host: {
                    each["name"]: ca.issue(each["name"], each["names"], keys[each["name"]])
                    for each in certificates_of(host)
                }
                for host in MAIL_HOSTS
            },
            "certificates_given": "{{ own[inventory_hostname] }}",
        }

    with dane_senders(list(HOSTNAMES.values())) as senders:
        wait_for_it(given(), senders)
        first = shown(ca.root)
        renewed = converge(given())
        assert renewed.status == 0, renewed.output[-3000:]
        second = shown(ca.root)
        assert first.isdisjoint(second)
        for name in HOSTNAMES.values():
            keys[name] = ca.new_key(name)
        wait_for_it(given(), senders)
        assert second.isdisjoint(shown(ca.root))
        wait_for_it({}, senders)
    assert {host: facts_of(host)["tls_keys"] for host in MAIL_HOSTS} == before


def certificates_of(host: str) -> list[dict[str, Any]]:
    """Return the certificates of a host, each with `name` and `names`."""
    found = json.loads(on(host, "cat", "/etc/postwright/certificates.json"))
    return list(found["certificates"])


def shown(root: Path) -> set[str]:
    """Return the serials that each port shows, where a client trusts this root alone."""
    on("client", "sh", "-c", f"printf %s {shlex.quote(root.read_text())} >/run/own-root.pem")
    ports = ("465", "993", "995", "25 -starttls smtp", "4190 -starttls sieve")
    asked = [(name, port) for name in HOSTNAMES.values() for port in ports]
    asked += [
        (name, "443")
        for host in MAIL_HOSTS
        for each in certificates_of(host)
        if "nginx" in each["units"]
        for name in each["names"]
    ]
    found = set()
    for name, port in asked:
        ask = f"openssl s_client -connect {name}:{port} -servername {name} -verify_hostname {name}"
        ask += " -verify_return_error -CAfile /run/own-root.pem -no-CApath </dev/null"
        found.add(on("client", "sh", "-c", f"set -e; {ask} >/run/s 2>/run/e; "
                     "openssl x509 -noout -serial </run/s"))  # fmt: skip
    return found


def test_what_is_to_be_backed_up_keeps_the_account_and_the_keys(facts: dict[str, Any]) -> None:
    role = yaml.safe_load((ROOT / "roles/backup/defaults/main.yml").read_text(encoding="utf-8"))
    ours = ("/var/lib/dehydrated/", "/etc/postwright/certificates")
    paths = " ".join(path for path in role["backup_state"] if path.startswith(ours))
    before = facts_of("mx1")
    try:
        on(
            "mx1",
            "sh",
            "-ec",
            f"tar -C / -cf /root/kept.tar $(ls -d {paths} 2>/dev/null || true); rm -rf {paths}",
        )
        assert facts_of("mx1")["account"] is None
    finally:
        on("mx1", "tar", "-C", "/", "-xf", "/root/kept.tar")
        on("mx1", "rm", "/root/kept.tar")
    assert "registered" not in on("mx1", TOOL, "keys")
    after = facts_of("mx1")
    assert (after["account"], after["tls_keys"]) == (before["account"], before["tls_keys"])
