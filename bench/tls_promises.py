"""What it costs to keep what other domains promise (DANE, MTA-STS): look-ups, and mail that leaves.

peer.test promises nothing but while it has a policy here; the other mail host's domain has DANE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from rich.table import Table

from bench.ours import addresses, facts
from bench.stock import ROOT, BenchError, on
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.plan import Change
from postwright.dns.records import Slot
from postwright.lab import claims
from postwright.lab.keys import Keys, certificate

AIM = 5.0
"""Milliseconds for a message, once the records are known."""

DANE = {"mx1": "gamma.test", "mx2": "alpha.test"}
SENDERS = {"mx1": "hanako@beta.test", "mx2": "saburo@gamma.test"}
COLD, WARM, MESSAGES, ROUNDS = 5, 300, 100, 2
ASK = (ROOT / "bench" / "tls_ask.py").read_text(encoding="utf-8")
POLICY = "version: STSv1\nmode: enforce\nmx: *.peer.test\nmax_age: 86400\n"
# openssl(1) s_server -WWW serves files as they are; a name that ends in .txt is text/plain.
SERVE = """
mkdir -p /run/bench-policy/.well-known && cd /run/bench-policy
cat >.well-known/mta-sts.txt
systemd-run --quiet --unit=bench-policy --working-directory=/run/bench-policy \\
  openssl s_server -quiet -accept 443 -cert /run/bench-policy.pem -WWW
"""
# Messages are queued first, so that only their way out is timed.
LEAVE = """
cp -p /etc/postfix/main.cf /run/bench-main.cf
back() { cp -p /run/bench-main.cf /etc/postfix/main.cf; rm /run/bench-main.cf; }
trap 'back; postfix reload 2>/dev/null' EXIT
cd /var/spool/postfix
queued() { find maildrop incoming active deferred -type f | wc -l; }
postconf -e "$1" defer_transports=smtp
postfix reload 2>/dev/null
for each in $(seq "$2"); do
  printf 'From: %s\\nTo: friend@peer.test\\nSubject: bench\\n\\nbench\\n' "$3" |
    sendmail -i -f "$3" friend@peer.test
done
for try in $(seq 600); do [ "$(find deferred -type f | wc -l)" -ge "$2" ] && break; sleep 0.1; done
postconf -X defer_transports
postfix reload 2>/dev/null
start=$(date +%s%N)
postqueue -f
for try in $(seq 1200); do [ "$(queued)" = 0 ] && break; sleep 0.05; done
end=$(date +%s%N)
[ "$(queued)" = 0 ] || { postqueue -p >&2; exit 1; }
echo $(((end - start) / 1000000))
"""


@contextmanager
def policy_published() -> Iterator[None]:
    """Have peer.test promise verified TLS by MTA-STS for a while."""
    lab = claims.find(ROOT)
    if lab is None:
        raise BenchError("this checkout has no lab yet; `scripts/lab up` makes it")
    tsig, address = facts()["tsig"], addresses("ns1")["ipv4"]
    zone = Rfc2136(Server("lab", address, 53, tsig["name"], tsig["algorithm"], tsig["secret"]))
    records = {
        Slot("mta-sts.peer.test", "A"): addresses("peer")["ipv4"],
        Slot("_mta-sts.peer.test", "TXT"): '"v=STSv1; id=1"',
    }
    chain, key = certificate(Keys(lab.home / "keys"), lab.hosts["peer"], "mta-sts.peer.test")
    on("peer", "tee", "/run/bench-policy.pem", text=key + chain)
    on("peer", "sh", "-ec", SERVE, text=POLICY)
    try:
        zone.apply("peer.test", [Change(slot, 60, (), (), (v,)) for slot, v in records.items()])
        try:
            _forget()
            yield
        finally:
            gone = [Change(slot, 60, (v,), (v,), ()) for slot, v in records.items()]
            zone.apply("peer.test", gone)
            _forget()
    finally:
        on("peer", "systemctl", "stop", "bench-policy")
        on("peer", "rm", "-r", "/run/bench-policy", "/run/bench-policy.pem")


def _forget() -> None:
    for host in ("ns1", *DANE):
        on(host, "unbound-control", "-q", "flush_zone", "peer.test")


def looked_up(host: str, domain: str, expected: str) -> tuple[float, float]:
    """Return the middle of a host's cold and warm look-ups for a domain, in milliseconds.

    Raises:
        BenchError: the answer is another one, so something else was measured.
    """
    found: dict[str, Any] = json.loads(
        on(host, "python3", "-", domain, str(COLD), str(WARM), text=ASK)
    )
    if not found["answer"].startswith(expected):
        raise BenchError(f"{host}: {domain}: {found['answer']}, not {expected}")
    return median(found["cold"]), median(found["warm"])


def leaving(host: str, setting: str) -> float:
    """Return the messages a second that leave a host for peer.test with a setting of Postfix."""
    words = (setting, str(MESSAGES), SENDERS[host])
    return MESSAGES / (int(on(host, "sh", "-ec", LEAVE, "sh", *words).split()[-1]) / 1000)


def lookups(hosts: Iterable[str]) -> tuple[Table, list[str]]:
    """Return the table of look-ups, and what misses its aim."""
    table, missed = Table(title="look-ups for one message, ms", box=None), []
    for column in ("the recipient's domain has", "host", "cold", "warm"):
        table.add_column(column, justify="right" if column in {"cold", "warm"} else "left")

    def add(title: str, host: str, domain: str, expected: str) -> None:
        cold, warm = looked_up(host, domain, expected)
        table.add_row(title, host, f"{cold:.1f}", f"{warm:.2f}")
        missed.extend([f"{host}, {title}: {warm:.1f} ms, not {AIM:.0f}"] * (warm > AIM))

    for host in hosts:
        add("nothing", host, "peer.test", "NOTFOUND")
        add("DANE", host, DANE[host], "OK dane-only")
    with policy_published():
        for host in hosts:
            add("MTA-STS", host, "peer.test", "OK secure")
    return table, missed


def messages(hosts: Iterable[str]) -> Table:
    """Return the table of messages that leave, with the look-ups and without, in turns."""
    table = Table(title=f"messages a second to peer.test, {MESSAGES} queued", box=None)
    for column in ("host", "without look-ups", "with", "ratio"):
        table.add_column(column, justify="left" if column == "host" else "right")
    for host in hosts:
        kept = f"smtp_tls_policy_maps={on(host, 'postconf', '-h', 'smtp_tls_policy_maps').strip()}"
        pairs = [
            (leaving(host, "smtp_tls_policy_maps="), leaving(host, kept)) for _ in range(ROUNDS)
        ]
        without, with_them = (median(side) for side in zip(*pairs, strict=True))
        ratio = median(b / a for a, b in pairs)
        table.add_row(host, f"{without:.1f}", f"{with_them:.1f}", f"{ratio:.2f}")
    return table


def compare(hosts: Iterable[str]) -> list[tuple[Table, list[str]]]:
    """Return both tables, each with what misses its aim."""
    names = list(hosts)
    return [lookups(names), (messages(names), [])]
