"""The operator hears of trouble, of each cause at most once a day (Postwright, role monitoring)."""

import time
from pathlib import Path

from postwright_certificates import letter

from . import look

SENT = Path("/var/lib/postwright/monitoring")
HOUR = 3600  # seconds


def sound(config, show):
    """Write to the postmaster of each cause that he has not heard of today."""
    troubles = found(config)
    if show:
        print("".join(f"{text}\n" for text in troubles.values()), end="")
        return
    SENT.mkdir(parents=True, exist_ok=True)
    for old in SENT.glob("*.sent"):
        if old.stem not in troubles:
            old.unlink()
    fresh = {cause: text for cause, text in troubles.items() if letter.due(SENT / f"{cause}.sent")}
    if fresh:
        letter.send(config["host"], f"trouble: {', '.join(fresh)}", "\n\n".join(fresh.values()))
        for cause in fresh:
            (SENT / f"{cause}.sent").touch()


def found(config):
    """Return each trouble in words, by its cause."""
    hourly = look.count(look.journal("--since", "-1h"))
    told = {
        "queue": in_queue(look.queue(), config),
        "logins": in_logins(hourly["login_failed"], config),
        "disks": in_disks(look.disks(), config),
        "units": in_units(look.failed_units()),
        "backup": in_backup(look.backup()),
    }
    return {cause: text for cause, text in told.items() if text}


def in_queue(messages, config):
    """Return what is wrong with the queue, or nothing."""
    if messages is None:
        return "The mail queue cannot be read: is Postfix up? journalctl -u 'postfix*'"
    oldest = min((each["arrival_time"] for each in messages), default=time.time())
    hours = (time.time() - oldest) / HOUR
    if hours < config["queue_hours"] and len(messages) < config["queue_messages"]:
        return ""
    return (f"{len(messages)} messages wait in the queue, the oldest for {hours:.0f} hours.\n"
            "Why each one waits: postqueue -p. Once that is mended: postqueue -f")  # fmt: skip


def in_logins(failures, config):
    """Return that many logins fail, or nothing."""
    if failures < config["login_failures"]:
        return ""
    look_at = "journalctl SYSLOG_FACILITY=2 --since -1h | grep -i 'auth.* failed'"
    return f"{failures} logins failed in the last hour.\nWho tries whom: {look_at}"


def in_disks(full, config):
    """Return which file systems are nearly full, or nothing."""
    lines = [f"{place} is {100 * share:.0f} % full." for place, share in full.items()
             if 100 * share >= config["disk_percent"]]  # fmt: skip
    return (
        "\n".join([*lines, "What takes the room: du -xh --max-depth=2 / | sort -h"])
        if lines
        else ""
    )


def in_backup(state):
    """Return what is wrong with the backups, or nothing; where there are none, that is chosen."""
    return "\n".join(state["troubles"]) if state else ""


def in_units(names):
    """Return which units have failed, or nothing."""
    lines = [f"{name} has failed: systemctl status {name}" for name in names]
    return "\n".join([*lines, "Once mended: systemctl reset-failed"]) if lines else ""
