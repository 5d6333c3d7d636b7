"""Letters to the postmaster, from any of our programs (Postwright, role certificates)."""

import sys
import time
from email.message import EmailMessage

from .store import DAY, run


def due(sent):
    """Return whether a day has passed since this file was touched, or there is none."""
    return not sent.exists() or time.time() - sent.stat().st_mtime > DAY - 3600


def send(host, subject, text):
    """Write to the postmaster of this host."""
    message = EmailMessage()
    message["From"] = f"root@{host}"
    message["To"] = f"postmaster@{host}"
    message["Subject"] = f"{host}: {subject}"
    # RFC 3834 5: nobody's holiday answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{text}\n")
    code, said = run("/usr/sbin/sendmail", "-i", "-f", f"root@{host}", f"postmaster@{host}",
                     text=message.as_string())  # fmt: skip
    if code:
        sys.exit(f"sendmail: {said}")
