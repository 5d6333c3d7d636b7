"""The operator hears of a certificate before it ends (Postwright, role certificates)."""

import json
import time

from . import letter
from .store import STATE, days_left, replace

SENT = STATE / "alarm.sent"
MENDS = {
    True: "give this host a newer one (certificates_given in the inventory), and run site.yml.",
    False: "is the ACME server up, does its CAA let this account in, and does http://{name}/ reach "
    "this host on port 80? Then: postwright-certificates renew",
}


def note(certificate, said):
    """Write down why a certificate could not be replaced; None takes an older note away."""
    if said is None:
        _notes(certificate).unlink(missing_ok=True)
    else:
        replace(_notes(certificate), json.dumps({"when": time.time(), "said": said}))


def sound(config):
    """Write to the postmaster of what is in use and near its end, at most once a day."""
    troubles = [
        _described(each, left)
        for each in config.certificates
        if (left := days_left(each.file)) is None or left < config.alarm_days
    ]
    if not troubles:
        SENT.unlink(missing_ok=True)
    elif letter.due(SENT):
        subject = "the certificate of " + ", ".join(head for head, _ in troubles)
        text = "\n\n".join(f"{head}.\n{rest}" for head, rest in troubles)
        letter.send(config.host, subject, text)
        SENT.touch()


def _described(certificate, left):
    """Return a certificate's name and state, and what to do."""
    state = (
        "has no certificate" if left is None
        else "ended" if left < 0
        else f"ends in {left} days"
    )  # fmt: skip
    notes = _notes(certificate)
    lines = []
    if notes.exists():
        last = json.loads(notes.read_text())
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(last["when"]))
        lines = [f"Last tried on {when}:", *(f"    {line}" for line in last["said"].splitlines())]
    mend = MENDS[certificate.given].format(name=certificate.names[0])
    return f"{certificate.name} {state}", "\n".join([*lines, f"To mend it: {mend}"])


def _notes(certificate):
    return STATE / f"{certificate.name}.failed"
