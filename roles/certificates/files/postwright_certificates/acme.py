"""Orders at the ACME server (RFC 8555), by dehydrated (Postwright, role certificates)."""

import base64
import json
import os
import shutil
from pathlib import Path

from .store import STATE, replace, run

ACCOUNTS = Path("/var/lib/dehydrated/accounts")
SCRATCH = Path("/run/postwright/dehydrated")

# We hold a lock that the kernel gives back. dehydrated's own is a file: one that a killed run or a
# power failure left behind would stop every later order.
DEHYDRATED = ("dehydrated", "--no-lock")
REGISTER = (*DEHYDRATED, "--register", "--accept-terms")


def account(directory):
    """Return the URI of our account at the ACME server, or None before it is registered."""
    try:
        return json.loads((_folder(directory) / "account_id.json").read_text())["url"]
    except (OSError, ValueError, KeyError):
        return None


def register():
    """Register where we have not yet; return what dehydrated said where it failed, else None."""
    forget_killed_run()
    code, said = run(*REGISTER)
    return said.strip() if code else None


def forget_killed_run():
    """Remove what a killed run of dehydrated left: its scratch, and accounts that are none yet.

    An account's key without an answer of the ACME server makes every later registration fail.
    """
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    os.environ["TMPDIR"] = str(SCRATCH)
    for each in ACCOUNTS.glob("*"):
        answer = each / "registration_info.json"
        if not answer.exists() or not answer.stat().st_size:
            shutil.rmtree(each)


def order(certificate, directory):
    """Have dehydrated order the certificate; return what it said where it failed, else None."""
    domains = [word for host in certificate.names for word in ("--domain", host)]
    for _ in range(2):
        said = register()
        if said is None:
            code, said = run(*DEHYDRATED, "--cron", "--force", "--alias", certificate.name,
                             *domains)  # fmt: skip
            if code == 0:
                replace(_origin(certificate), directory)
                return None
        if "accountDoesNotExist" not in said:
            return said.strip()
        # The ACME server forgot us (it was rebuilt): register again, keep the old account aside.
        # Accounts at other servers stay.
        _folder(directory).rename(ACCOUNTS.with_name(f"account.unknown-{os.getpid()}"))
    return said.strip()


def from_elsewhere(certificate, directory):
    """Tell whether the present certificate was ordered at another ACME server.

    One that was there before this was written down counts as the present server's from now on.
    """
    origin = _origin(certificate)
    if not origin.exists():
        replace(origin, directory)
    return origin.read_text() != directory


def former(certificates, directory):
    """Return our accounts at servers that present certificates are from and new ones are not."""
    origins = {
        origin.read_text()
        for each in certificates
        if not each.given and (origin := _origin(each)).exists()
    }
    found = {origin: account(origin) for origin in origins - {directory}}
    return {origin: uri for origin, uri in found.items() if uri}


def _folder(directory):
    """Where dehydrated keeps an account: the URL and a line feed, in base64 without padding."""
    return ACCOUNTS / base64.urlsafe_b64encode(f"{directory}\n".encode()).decode().rstrip("=")


def _origin(certificate):
    return STATE / f"{certificate.name}.directory"
