"""The state of this host: queue, units, disks, journal (Postwright, role monitoring)."""

import json
import os
import re
from collections import Counter
from pathlib import Path

from postwright_certificates.store import run

BACKUP = Path("/usr/local/sbin/postwright-backup")

# Of the journal's mail facility, what each line counts as. Both releases of Postfix and Dovecot
# say these words.
EVENTS = {
    "delivered": re.compile(r" postfix/\S*lmtp\[.* status=sent "),
    "sent": re.compile(r" postfix/\S*smtp\[.* status=sent "),
    "deferred": re.compile(r" postfix/.* status=deferred "),
    "bounced": re.compile(r" postfix/.* status=bounced "),
    "rejected": re.compile(r" postfix/\S*(?:smtpd|cleanup|postscreen)\[.* (?:milter-)?reject: "),
    "login": re.compile(r" dovecot\[.* \S+-login: (?:Login|Logged in): "),
    "login_failed": re.compile(
        r" dovecot\[.* \S+-login: .*\(auth failed, "
        r"| postfix/\S*smtpd\[.* SASL \S+ authentication failed"
    ),
}


def count(text):
    """Return how often each event stands in lines of the journal."""
    seen = Counter(dict.fromkeys(EVENTS, 0))
    for line in text.splitlines():
        seen.update(name for name, form in EVENTS.items() if form.search(line))
    return seen


def journal(*since):
    """Return the mail facility's lines (syslog(3)), from where journalctl(1) is told to begin."""
    return run("journalctl", "--quiet", "--no-pager", "SYSLOG_FACILITY=2", *since)[1]


def queue():
    """Return the queued messages, each with `queue_name` and `arrival_time` (postqueue(1), JSON).

    While Postfix is down nobody can say: then None.
    """
    code, said = run("postqueue", "-j")
    return None if code else [json.loads(line) for line in said.splitlines()]


def failed_units():
    """Return the names of the units that have failed, or wait for their next start."""
    # One that ends time and again is started again each time, and never called failed.
    states = "--state=failed,auto-restart"
    said = run("systemctl", "list-units", states, "--plain", "--no-legend", "--full")[1]
    return [line.split()[0] for line in said.splitlines()]


def backup():
    """Return how this host's backups go (postwright-backup(1)); None where none are made."""
    if not BACKUP.exists():
        return None
    code, said = run(str(BACKUP), "status", "--json")
    return json.loads(said) if code == 0 else {"troubles": [said.strip()]}


def disks():
    """Return how full each local file system is, by mount point: the larger of space and inodes."""
    found, seen = {}, set()
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    places = [Path(line.split()[1]) for line in mounts if line.startswith("/dev/")]
    for place in sorted(filter(Path.is_dir, places), key=lambda each: len(each.parts)):
        device = place.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        told = os.statvfs(place)
        space = 1 - told.f_bavail / (told.f_blocks - told.f_bfree + told.f_bavail or 1)
        inodes = 1 - told.f_favail / told.f_files if told.f_files else 0
        found[str(place)] = max(space, inodes)
    return found
