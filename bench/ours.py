"""Our own host in a bench: where it is, and what is turned off while something else is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.stock import ROOT, on


def facts() -> dict[str, Any]:
    """Return what lab.json says of this checkout's lab."""
    found: dict[str, Any] = json.loads((ROOT / ".lab/lab.json").read_text(encoding="utf-8"))
    return found


def addresses(host: str) -> dict[str, str]:
    """Return the addresses of a host: `ipv4`, `ipv6`."""
    found: dict[str, str] = facts()["hosts"][host]
    return found


@contextmanager
def unlimited(host: str, client: str) -> Iterator[None]:
    """Let a client do as much as it can: the limits of one address are not measured."""
    file = "/etc/postfix/clients_unlimited"
    before = on(host, "cat", file)
    where = addresses(client)
    known = before + "".join(f"{where[family]}\tpermit\n" for family in ("ipv4", "ipv6"))
    try:
        on(host, "sh", "-ec", f"cat >{file}; postfix reload", text=known)
        yield
    finally:
        on(host, "sh", "-ec", f"cat >{file}; postfix reload", text=before)


@contextmanager
def unfiltered(host: str) -> Iterator[None]:
    """Have our Postfix ask no milter for a while, as a stock one does."""
    on(host, "cp", "-p", "/etc/postfix/main.cf", "/run/bench-main.cf")
    try:
        on(host, "postconf", "-e", "smtpd_milters=")
        on(host, "postfix", "reload")
        yield
    finally:
        on(host, "mv", "/run/bench-main.cf", "/etc/postfix/main.cf")
        on(host, "postfix", "reload")
