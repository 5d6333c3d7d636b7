"""Mail through another organisation's relay: logged in, over verified TLS, or not at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labkit import command, on, play, this_lab
from labmail import Post, waiting
from postwright.lab.keys import Keys, certificate

pytestmark = pytest.mark.usefixtures("site")

GORO, FRIEND, SABURO = "goro@delta.test", "friend@peer.test", "saburo@gamma.test"
CUSTOMER = "customer@peer.test"
PASSWORD = f"correct horse {CUSTOMER.partition('@')[0]}"
WRONG = "no horse at all"
ISP = {
    "profile": "smarthost",
    "host": "relay.peer.test",
    "spf_include": "_spf.relay.peer.test",
    "username": CUSTOMER,
    "password": PASSWORD,
}
WAITS = "no mail waits for a relay"
PROVES = "each relay proves its name and takes our login"


@pytest.fixture(scope="module")
def post(lab_facts: dict[str, Any]) -> Post:
    """The lab's accounts."""
    return Post(lab_facts)


def received(text: bytes | None) -> str:
    """Return the topmost Received of a message: what the last server says."""
    assert text is not None
    head = text.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode()
    return " ".join(head.partition("\nReceived: ")[2].partition("\nReceived: ")[0].split())


def hosts_play(host: str, **variables: Any) -> str:
    """Run hosts.yml on a host with a diff and return what it said."""
    done = play("playbooks/hosts.yml", "--limit", host, "--diff", "-e", json.dumps(variables))
    assert done.status == 0, done.output[-3000:]
    return done.output


def verify() -> str:
    """Run verify on mx1, which has to be red, and return what it said."""
    seen = play("playbooks/verify.yml", "--limit", "mx1")
    assert seen.status != 0
    return " ".join(seen.output.split())


def test_mail_passes_the_relay_logged_in_over_verified_tls(post: Post) -> None:
    token, reply = post.send(GORO, FRIEND)
    assert reply.startswith("250"), reply
    last = received(post.arrived(FRIEND, token))
    # RFC 3848: ESMTPSA is "with STARTTLS and AUTH".
    assert "from mx1.alpha.test" in last
    assert "by peer.peer.test (Postfix) with ESMTPSA" in last
    queued = last.partition(" id ")[2].split()[0]
    said = on("peer", "journalctl", "-o", "cat", "-q", "-g", queued)
    assert f"sasl_username={CUSTOMER}" in said
    ours = on("mx1", "journalctl", "-o", "cat", "-q", "-g", f"as {queued}")
    assert "relay=relay.peer.test[" in ours
    tls = on("mx1", "journalctl", "-o", "cat", "-q", "-g", "connection established to relay.peer")
    assert {line.partition(" ")[0] for line in tls.splitlines()} == {"Verified"}


def test_what_the_relay_passes_on_passes_spf_dkim_and_dmarc(post: Post) -> None:
    token, _ = post.send(GORO, SABURO)
    text = post.arrived(SABURO, token)
    assert text is not None
    results = text.partition(b"Authentication-Results:")[2].partition(b"\nReceived:")[0]
    for verdict in (b"spf=pass", b"dkim=pass", b"dmarc=pass"):
        assert verdict in results
    assert b"from peer.peer.test" in text


def test_a_relay_on_port_465_is_spoken_to_in_tls_from_the_first_byte(post: Post) -> None:
    isp = {"mail_relays": {"isp": {**ISP, "port": 465}}}
    try:
        hosts_play("mx1", **isp)
        token, _ = post.send(GORO, FRIEND)
        assert "with ESMTPSA" in received(post.arrived(FRIEND, token))
        tls = on("mx1", "journalctl", "-o", "cat", "-q", "-g", r"established to relay.*:465: ")
        assert tls.startswith("Verified TLS connection")
        seen = play("playbooks/verify.yml", "--limit", "mx1", "-e", json.dumps(isp))
        assert seen.status == 0, seen.output[-3000:]
    finally:
        hosts_play("mx1")


def test_other_domains_of_the_host_do_not_pass_the_relay(post: Post) -> None:
    token, _ = post.send("hanako@beta.test", FRIEND)
    assert "with ESMTPS id" in received(post.arrived(FRIEND, token))


def test_the_login_is_readable_to_root_alone_and_nowhere_else() -> None:
    assert on("mx1", "stat", "-c", "%U %a", "/etc/postfix/relay_passwords").split() == [
        "root",
        "600",
    ]
    # Nor is the digest of that file, from which a short password could be guessed.
    record = on("mx1", "sh", "-c", "stat -c '%U %a' /var/lib/postwright/loaded/postfix*.json")
    assert record.split() == ["root", "600"]
    found = on("mx1", "grep", "-rlF", PASSWORD, "/etc", "/var/lib", "/var/log", "/run", status=None)
    assert found.split() == ["/etc/postfix/relay_passwords"]


def test_with_a_wrong_password_mail_waits_and_verify_says_why(post: Post) -> None:
    try:
        said = hosts_play("mx1", mail_relays={"isp": {**ISP, "password": WRONG}})
        assert "/etc/postfix/relay_passwords" in said
        assert PASSWORD not in said
        token, _ = post.send(GORO, FRIEND)
        assert "SASL authentication failed" in waiting("mx1", GORO)
        seen = verify()
        assert f"{PROVES}: Failed: isp, relay.peer.test: it refuses our login: 535" in seen
        assert f"{WAITS}: Failed: " in seen
        assert "SASL authentication failed; server relay.peer.test" in seen
        # What Ansible shows of its own command line is not the roles' doing.
        assert PASSWORD not in seen
        assert post.count(FRIEND, token) == 0
    finally:
        hosts_play("mx1")
    on("mx1", "postqueue", "-f")
    assert post.arrived(FRIEND, token)
    assert play("playbooks/verify.yml", "--limit", "mx1").status == 0


@contextmanager
def certified(chain: str) -> Iterator[None]:
    """Have the relay present another certificate for a while."""
    file, service = "/root/other.pem", "submission/inet/smtpd_tls_chain_files"
    command("scripts/lab", "exec", "peer", "--", "tee", file, input=chain)
    on("peer", "postconf", "-P", f"{service}={file}")
    on("peer", "systemctl", "reload", "postfix")
    try:
        yield
    finally:
        on("peer", "postconf", "-PX", service)
        on("peer", "systemctl", "reload", "postfix")


def self_signed() -> str:
    """Return a key and a certificate for the relay's name that nobody vouches for."""
    return on("client", "openssl", "req", "-x509", "-newkey", "ec",
              "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "-", "-days", "9",
              "-subj", "/CN=relay.peer.test",
              "-addext", "subjectAltName=DNS:relay.peer.test")  # fmt: skip


def of_another_name() -> str:
    """Return a key and a certificate that is trusted, but not for the relay's name."""
    lab = this_lab()
    chain, key = certificate(Keys(lab.home / "keys"), lab.hosts["peer"])
    return key + chain


@pytest.mark.parametrize(
    ("chain", "why"),
    [(self_signed, "self-signed certificate"), (of_another_name, "Hostname mismatch")],
    ids=["untrusted", "another name"],
)
def test_with_a_wrong_certificate_mail_waits_and_verify_says_why(
    post: Post, chain: Any, why: str
) -> None:
    postfix_says = "Server certificate not verified"
    logins = on("peer", "journalctl", "-o", "cat", "-q", "-g", f"sasl_username={CUSTOMER}")
    with certified(chain()):
        token, _ = post.send(GORO, FRIEND)
        assert postfix_says in waiting("mx1", GORO)
        seen = verify()
        assert f"{PROVES}: Failed: isp, relay.peer.test: its certificate is not good: " in seen
        assert why in seen
        assert f"{WAITS}: Failed: " in seen
        assert postfix_says in seen
        assert post.count(FRIEND, token) == 0
    # Whoever was there in the relay's place was told no login.
    assert logins == on("peer", "journalctl", "-o", "cat", "-q", "-g", f"sasl_username={CUSTOMER}")
    on("mx1", "postqueue", "-f")
    assert post.arrived(FRIEND, token)


@contextmanager
def port_25_blocked(host: str) -> Iterator[None]:
    """Have the network of a host refuse what goes to anybody's port 25 (OP25B)."""
    table = ("inet", "postwright", "blocked")
    on(host, "nft", "add", "chain", *table, "{ type filter hook output priority 0; }")
    on(host, "nft", "add", "rule", *table, "oifname", "!=", "lo", "tcp", "dport", "25", "reject")
    try:
        yield
    finally:
        on(host, "nft", "delete", "chain", *table)


def bounce(host: str) -> str:
    """Send a message without a sender, as bounces are, and return its token."""
    token = secrets.token_hex(8)
    text = (
        f"From: postmaster@{host}.test\\nSubject: {token}\\nMessage-ID: <{token}@test>\\n\\nprobe"
    )
    on(host, "sh", "-c", f"printf '{text}\\n' | sendmail -f '' {FRIEND}")
    return token


def test_hosts_behind_a_blocked_port_25_send_all_through_their_relay(post: Post) -> None:
    senders = {"mx1": "taro@alpha.test", "mx2": "saburo@gamma.test"}
    hosts, relay = ",".join(senders), {"mail_relay": "isp"}
    try:
        with port_25_blocked("mx1"), port_25_blocked("mx2"):
            refused = play("playbooks/preflight.yml")
            assert refused.status != 0
            for host in senders:
                assert f"{host}: outbound port 25 is blocked" in refused.output
            assert "send through a relay (mail_relay)" in refused.output
            hosts_play(hosts, **relay)
            tokens = [post.send(sender, FRIEND)[0] for sender in senders.values()]
            tokens += [bounce(host) for host in senders]
            # A forward has a sender of somebody else's.
            tokens.append(post.transfer("friend@alpha.test")[0])
            for token in tokens:
                assert "with ESMTPSA" in received(post.arrived(FRIEND, token))
            behind = play("playbooks/verify.yml", "--limit", hosts, "-e", json.dumps(relay))
            assert behind.status == 0, behind.output[-3000:]
    finally:
        hosts_play(hosts)


def test_a_relay_out_of_reach_stops_preflight() -> None:
    wrong = json.dumps({"mail_relays": {"isp": {**ISP, "port": 2}}})
    seen = play("playbooks/preflight.yml", "--limit", "localhost,mx1", "-e", wrong)
    assert seen.status != 0
    assert "mx1: the relay isp cannot be reached: relay.peer.test port 2" in seen.output
    assert "correct mail_relays.isp" in seen.output


def answer(name: str, kind: str) -> list[str]:
    """Return a record set as ns1 answers it."""
    return sorted(on("client", "kdig", "+short", "@ns1.test", name, kind).splitlines())


def test_dns_names_who_sends_and_who_receives() -> None:
    assert answer("delta.test", "TXT") == ['"v=spf1 include:_spf.relay.peer.test ~all"']
    assert answer("delta.test", "MX") == ["10 mx1.alpha.test."]
    assert answer("epsilon.test", "MX") == ["1 smtp.google.com."]
    assert answer("3ibw7urvcrwy.epsilon.test", "CNAME") == [
        "gv-ebyl72n2zeg5n3.dv.googlehosted.com."
    ]
    for name, kind in (("_imaps._tcp", "SRV"), ("mta-sts", "A"), ("autoconfig", "A")):
        assert answer(f"{name}.epsilon.test", kind) == []
