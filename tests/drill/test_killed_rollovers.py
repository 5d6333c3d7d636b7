"""rotate.yml killed (SIGKILL) at ten moments, one after the other: the rollover ends right."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from alongside import DKIM, dkim_was_listed_for_a_day, tlsa_was_listed_for_a_day
from drill_kill import Disk, Reach, Say, inside, moment, run_until
from handshakes import handshakes
from labkit import MAIL_HOSTS, on
from mail_stream import mail_stream
from test_rollovers import (
    DOMAINS,
    HOSTNAMES,
    assert_all_passed,
    changed,
    keys,
    published,
    rotate,
    signing,
    tls_keys,
    tlsa,
)

RUN = ("playbooks/rotate.yml", "-e", "rotate=due", "-e", "rotate_wait=0")
_DISK = Disk("mx1")
CERTIFICATES = "/var/lib/dehydrated/certs"


def _waiting() -> set[str]:
    folder = inside("mx1") / "var/lib/postwright/dkim/alpha.test"
    return {path.stem for path in folder.glob("*.waits")}


PUBLISHING = (
    moment(
        "a DKIM key is made",
        Reach.HOSTS,
        "TASK [New DKIM keys are made] ... Each domain has its own RSA and Ed25519 key",
        partial(_DISK.there, "var/lib/postwright/dkim/alpha.test/*.waits"),
    ),
    moment(
        "the next TLS key becomes current",
        Reach.HOSTS,
        "Next keys that every server has listed for long enough become current",
        partial(_DISK.there, "var/lib/postwright/certificates/*.rolling"),
    ),
    moment(
        "new DKIM keys are published",
        Reach.CONTROLLER,
        "Every authoritative server answers with the new DKIM keys",
        lambda: _waiting() <= published("alpha.test").keys(),
    ),
    moment(
        "next TLS keys are published",
        Reach.PROGRAM,
        "Every authoritative server answers with the next TLS keys",
    ),
    moment(
        "a certificate is ordered",
        Reach.HOSTS,
        "The host holds a valid certificate for each of its keys",
        partial(_DISK.there, "run/postwright/dehydrated/*"),
    ),
    moment(
        "new TLS keys are served, and DNS lists the old ones still",
        Reach.CONTROLLER,
        "PLAY [Old keys are published until their time is over]",
    ),
    moment(
        "the rollover of TLS keys ends",
        Reach.HOSTS,
        "Rollovers whose keys are served have ended",
    ),
)
USING = (
    moment(
        "Rspamd judges its staged configuration",
        Reach.HOSTS,
        "What leaves is signed with the present keys",
        partial(_DISK.there, "run/postwright/rspamd.staged/etc/rspamd/local.d/dkim_signing.conf"),
    ),
    moment(
        "Rspamd signs with new keys, and DNS does not know",
        Reach.PROGRAM,
        "PLAY [Old keys are published until their time is over]",
    ),
    moment(
        "old DKIM keys are to be removed",
        Reach.CONTROLLER,
        "PLAY [Old keys are gone]",
    ),
)


@pytest.fixture
def old_keys(facts: dict[str, Any]) -> None:
    """Keys of a year ago, and next TLS keys that were listed for long enough."""
    dkim_was_listed_for_a_day()
    rotate("due")
    tlsa_was_listed_for_a_day()
    for host, hostname in HOSTNAMES.items():
        aged = f"{DKIM}/*/*.key {CERTIFICATES}/{hostname}/privkey.pem"
        on(host, "sh", "-c", f"touch -d '-400 days' {aged}")


def test_a_rollover_that_is_killed_at_ten_moments_ends_right(
    facts: dict[str, Any], old_keys: None, say: Say, tmp_path: Path
) -> None:
    selectors = {domain: signing(domain) for domain in DOMAINS}
    before = {host: tls_keys(host) for host in MAIL_HOSTS}
    addresses = {name: facts["hosts"][host]["ipv4"] for host, name in HOSTNAMES.items()}
    with mail_stream(facts) as stream, handshakes(facts["resolver"], addresses) as seen:
        for moments in (PUBLISHING, USING):
            for moment in moments:
                seconds = run_until(moment, tmp_path / "killed.log", *RUN)
                say(f"    killed after {seconds:.0f} s, while {moment.during}")
            if moments is PUBLISHING:
                rotate("due")
                assert {domain: signing(domain) for domain in DOMAINS} == selectors
                dkim_was_listed_for_a_day()
        rotate("due")
    assert changed(rotate("due")) == 0
    say(f"    {seen.served.total()} handshakes, {len(seen.wrong)} wrong")
    assert seen.wrong == []
    assert_all_passed(stream, say)
    for domain in DOMAINS:
        now = signing(domain)
        assert len(now) == 2
        assert now.isdisjoint(selectors[domain])
        assert keys(domain) == now
        said = published(domain)
        assert [said[each] for each in (*selectors[domain], *now)] == [True, True, False, False]
    for host, hostname in HOSTNAMES.items():
        current, following = tls_keys(host)
        assert current == before[host][1]
        assert seen.keys(hostname) == set(before[host])
        assert tlsa(hostname) == {current, following}
