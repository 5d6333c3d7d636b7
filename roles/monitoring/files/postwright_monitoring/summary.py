"""One letter a day: a few lines, and what is wrong if anything is (Postwright, role monitoring)."""

import time
from pathlib import Path

from postwright_certificates import letter
from postwright_certificates.store import days_left, read_config

from . import alarm, look


def send(config, show):
    """Write the summary of the last 24 hours to the postmaster."""
    troubles = alarm.found(config)
    state = f"trouble: {', '.join(troubles)}" if troubles else "all is well"
    text = "\n\n".join([*troubles.values(), told()])
    if show:
        print(f"{state}\n\n{text}")
    else:
        letter.send(config["host"], f"the last day, {state}", text)


def told():
    """Return the last day in numbers."""
    events = look.count(look.journal("--since", "-1day"))
    fullest = max(look.disks().items(), key=lambda each: each[1], default=("/", 0))
    ends = [(left, each.name) for each in read_config().certificates
            if (left := days_left(each.file)) is not None]  # fmt: skip
    lines = [
        f"Mail: {events['delivered']} delivered here, {events['sent']} sent, "
        f"{events['rejected']} refused, {events['bounced']} bounced, "
        f"{len(look.queue() or [])} waiting.",
        f"Logins: {events['login']}, and {events['login_failed']} failed.",
        f"Fullest disk: {fullest[0]}, {100 * fullest[1]:.0f} %.",
    ]
    if ends:
        lines.append("Next certificate to end: {1}, in {0} days.".format(*min(ends)))
    if (state := look.backup()) and (good := state.get("good")):
        hours = (time.time() - good["when"]) / alarm.HOUR
        lines.append(f"Last backup: {hours:.0f} hours ago, {good['messages']} messages.")
    if Path("/run/reboot-required").exists():
        lines.append("An upgrade wants a reboot.")
    return "\n".join(lines)
