"""What the mail bench measures of one contender: deliveries, memory, IMAP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from bench.mail_hosts import ACCOUNTS, DOMAINS, PASSWORD
from bench.ours import addresses
from bench.stock import POSTFIX, ROOT, BenchError, Stock, cpu_seconds, on

MAILBOXES = ACCOUNTS[:10]
LOAD = (ROOT / "bench/mail_load.py").read_text(encoding="utf-8")
# A letter of four kilobytes; smtp-source(1) sends it as it is.
LETTER = "From: friend@peer.test\nTo: bench@bench.test\nSubject: The minutes of our meeting\n" + (
    "Date: $(date -R)\nMessage-ID: <$(date +%s%N)@peer.test>\nMIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=utf-8\n\n"
    + "We met on Monday and spoke about the garden, the roof and who looks after the keys.\n"
    * 48
)
SEND = f"""
file=$(mktemp)
cat >"$file" <<END
{LETTER}
END
to=$1; each=$2; domain=$3; shift 3
date +%s.%N
for name; do
  smtp-source -s 2 -m "$each" -F "$file" -f friend@peer.test -t "$name@$domain" "inet:$to" &
done
wait
rm "$file"
"""
# The last rename into new/ is the end.
ARRIVED = """
root=$1; wanted=$2; shift 2
found() { find "$@" -path '*/new/*' -type f -printf '%C@\\n'; }
cd "$root"
for try in $(seq 600); do
  [ "$(found "$@" 2>/dev/null | wc -l)" -ge "$wanted" ] && break
  sleep 0.2
done
found "$@" 2>/dev/null | sort -n | awk 'END { print NR, $0 }'
"""
# Shared pages are counted once, among the processes that share them (proc(5), smaps_rollup).
MEMORY = """
import pathlib, sys
kib = 0
for unit in sys.argv[1:]:
    for procs in pathlib.Path("/sys/fs/cgroup").rglob(f"{unit}.service/**/cgroup.procs"):
        for pid in procs.read_text().split():
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
print(kib)
"""
UNITS = "systemctl list-units --plain --no-legend --type=service --state=running"


class Contender(NamedTuple):
    """Ours or stock: whose processor time counts, where it listens and keeps mailboxes."""

    name: str
    units: tuple[str, ...]
    smtp: int
    imaps: int
    domain: str
    mailboxes: str


def ours(host: str) -> Contender:
    """Return our host, and the units that a message passes through."""
    units = (POSTFIX[host], "dovecot", "rspamd", "redis-server")
    domain = DOMAINS[host]
    return Contender("ours", units, 25, 993, domain, f"/var/vmail/{domain}")


def stock(one: Stock) -> Contender:
    """Return a stock root beside it."""
    return Contender(one.name, (one.unit,), one.smtp, one.imaps, "bench.test", f"{one.root}/home")


@dataclass(frozen=True)
class Rate:
    """How much was done in a second, and milliseconds of the server's processor for each."""

    per_second: float
    cost: float


def spent(host: str, units: Iterable[str]) -> float:
    """Return the processor time of units, in seconds."""
    return sum(cpu_seconds(host, unit) for unit in units)


def delivered(host: str, one: Contender, messages: int) -> Rate:
    """Send messages to ten mailboxes; return how many a second arrived.

    Raises:
        BenchError: not all arrived within two minutes.
    """
    before = int(_there(host, one, 0).split()[0])
    cpu = spent(host, one.units)
    target = f"{addresses(host)['ipv4']}:{one.smtp}"
    each = str(messages // len(MAILBOXES))
    started = on("peer", "sh", "-ec", SEND, "sh", target, each, one.domain, *MAILBOXES)
    count, last = _there(host, one, before + messages).split()
    if int(count) != before + messages:
        raise BenchError(f"{host}, {one.name}: {int(count) - before} of {messages} arrived")
    return Rate(
        messages / (float(last) - float(started.split()[0])),
        (spent(host, one.units) - cpu) / messages * 1000,
    )


def _there(host: str, one: Contender, wanted: int) -> str:
    return on(host, "sh", "-ec", ARRIVED, "sh", one.mailboxes, str(wanted), *MAILBOXES)


def memory(host: str, units: Iterable[str]) -> float:
    """Return the memory of units' processes (PSS), in MiB."""
    return int(on(host, "python3", "-c", MEMORY, *units)) / 1024


def running(host: str) -> list[str]:
    """Return all units that run on a host but Debian's own and the stock roots."""
    listed = on(host, "sh", "-c", UNITS).splitlines()
    names = [line.split()[0].removesuffix(".service") for line in listed]
    debian = ("systemd-", "dbus", "ssh", "getty@", "console-getty", "bench-")
    return [name for name in names if not name.startswith(debian)]


def imap(host: str, one: Contender, kind: str, seconds: float) -> Rate:
    """Load a contender's IMAP from the client; kind is `logins` or `fetches`."""
    cpu = spent(host, one.units)
    done = json.loads(on("client", *_load(host, one, kind, str(seconds), MAILBOXES)))
    used = spent(host, one.units) - cpu
    return Rate(done["made"] / done["seconds"], used / done["made"] * 1000)


@contextmanager
def held(host: str, one: Contender, sessions: int) -> Iterator[dict[str, float]]:
    """Hold IMAP sessions, evenly over all accounts; yield how many there are (`made`)."""
    words = ["scripts/lab", "exec", "client", "--"]
    words += _load(host, one, "hold", str(sessions), ACCOUNTS)
    with subprocess.Popen(
        words, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def _load(host: str, one: Contender, kind: str, amount: str, accounts: Iterable[str]) -> list[str]:
    """Return the command; a stock account has no domain."""
    ending = "" if one.domain == "bench.test" else f"@{one.domain}"
    names = [f"{name}{ending}" for name in accounts]
    words = ("python3", "-c", LOAD, kind, addresses(host)["ipv4"], str(one.imaps), amount, PASSWORD)
    return [*words, *names]
