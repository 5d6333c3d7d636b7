"""Numbers for Prometheus, as its text format has them (Postwright, role monitoring).

node_exporter(1) serves what lies in its textfile folder, so that one port tells everything.
"""

import http.client
import json
import re
import socket
import time
from collections import Counter
from pathlib import Path

from postwright_certificates.store import DAY, days_left, read_config, replace

from . import look

FILE = Path("/var/lib/prometheus/node-exporter/postwright.prom")
STATE = Path("/var/lib/postwright/monitoring")
RSPAMD = "/run/rspamd/controller.sock"
DOVECOT = "/run/dovecot/http"
SAMPLE = re.compile(r"(dovecot_\w+_total)(?:\{(.*)\})? (\S+)")


class Local(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def connect(self):
        """Connect to the socket that stands in the host's place."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def write(config, show):
    """Replace the file that Prometheus reads."""
    totals = counted(show)
    text = "".join([
        *family("postwright_mail_events_total", "counter",
                "What Postfix and Dovecot logged, by what it was.",
                {f'event="{name}"': number for name, number in sorted(totals.items())}),
        *of_queue(look.queue()),
        *family("postwright_units_failed", "gauge", "Units that systemd calls failed.",
                {"": len(look.failed_units())}),
        *family("postwright_certificate_seconds", "gauge", "Time until a certificate ends.",
                {f'name="{each.name}"': days * DAY for each in read_config().certificates
                 if (days := days_left(each.file)) is not None}),
        *of_backup(look.backup()),
        rspamd(),
        dovecot(),
    ])  # fmt: skip
    if show:
        print(text, end="")
    else:
        replace(FILE, text)


def counted(show):
    """Return each event's total since this host was built; what is shown only is not counted."""
    STATE.mkdir(parents=True, exist_ok=True)
    kept = STATE / "events.json"
    totals = Counter(json.loads(kept.read_text()) if kept.exists() else {})
    if not show:
        # journalctl(1) goes on where it ended the last time.
        new = look.journal(f"--cursor-file={STATE / 'cursor'}")
        # Not update(): Counter's own addition forgets what was never seen.
        for name, number in look.count(new).items():
            totals[name] += number
        replace(kept, json.dumps(totals))
    return totals


def of_queue(messages):
    """Return how many messages wait in each queue, and for how long the oldest has."""
    if messages is None:
        return []
    names = Counter({"active": 0, "deferred": 0, "hold": 0, "incoming": 0})
    names.update(each["queue_name"] for each in messages)
    oldest = max((time.time() - each["arrival_time"] for each in messages), default=0)
    return [
        *family("postwright_queue_messages", "gauge", "Messages in Postfix's queues.",
                {f'queue="{name}"': number for name, number in sorted(names.items())}),
        *family("postwright_queue_oldest_seconds", "gauge", "Age of the oldest queued message.",
                {"": round(oldest)}),
    ]  # fmt: skip


def of_backup(state):
    """Return when the last backup and the last test that went well were, and whether all is."""
    if state is None:
        return []
    good = state.get("good") or {}
    return [
        *family("postwright_backup_trouble", "gauge", "Whether the backups need the operator.",
                {"": int(bool(state["troubles"]))}),
        *family("postwright_backup_seconds", "gauge", "When the last good backup was made.",
                {"": round(good.get("when", 0))}),
        *family("postwright_backup_messages", "gauge", "Messages in the last good backup.",
                {"": good.get("messages", 0)}),
        *family("postwright_backup_bytes", "gauge", "Bytes of mail in the last good backup.",
                {"": good.get("size", 0)}),
        *family("postwright_backup_tested_seconds", "gauge",
                "When a backup was last restored and found whole.",
                {"": round(state.get("tested") or 0)}),
    ]  # fmt: skip


def rspamd():
    """Return Rspamd's own metrics, and whether it gave any."""
    text = asked(RSPAMD)
    # OpenMetrics ends with a mark that Prometheus's own format does not know.
    lines = [line for line in (text or "").splitlines() if line != "# EOF"]
    return "".join(
        [*family("postwright_rspamd_up", "gauge", "Whether Rspamd answers.",
                 {"": int(text is not None)}),
         *(f"{line}\n" for line in lines)]
    )  # fmt: skip


def dovecot():
    """Return what Dovecot has counted since it started, and whether it told.

    Its counters' names and its type `info` are OpenMetrics' alone: only the samples are taken.
    """
    text = asked(DOVECOT)
    found = {}
    for line in (text or "").splitlines():
        if sample := SAMPLE.fullmatch(line):
            name, label, value = sample.groups()
            # Dovecot 2.3 calls `service` what 2.4 calls `protocol`.
            label = (label or "").replace("service=", "protocol=")
            found.setdefault(name, {})[label] = value
    return "".join(
        [*family("postwright_dovecot_up", "gauge", "Whether Dovecot tells what it has counted.",
                 {"": int(text is not None)}),
         *(line for name, values in found.items()
           for line in family(name, "counter", "As Dovecot counts it.", values))]
    )  # fmt: skip


def asked(path):
    """Return what a daemon tells at /metrics of its Unix socket; None where it tells nothing."""
    connection = Local(path, timeout=5)
    try:
        connection.request("GET", "/metrics", headers={"Host": "localhost"})
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == http.client.OK else None
    except OSError:
        return None
    finally:
        connection.close()


def family(name, kind, says, values):
    """Yield one metric's lines; `values` are by label."""
    yield f"# HELP {name} {says}\n# TYPE {name} {kind}\n"
    for label, value in values.items():
        yield f"{name}{{{label}}} {value}\n" if label else f"{name} {value}\n"
