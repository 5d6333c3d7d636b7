"""Addresses of the lab's client that no mail host has met."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from labkit import MAIL_HOSTS, on

_APART = {"ipv4": 1, "ipv6": 2**48}
"""How far a stranger is from the next: Postfix 3.8 and later count IPv6 by /84, 3.7 by address."""

_FIRST = 200
"""How many strangers the first one is from the client itself; no lab host is so far away."""


@contextmanager
def stranger(facts: dict[str, Any], family: str, number: int) -> Iterator[str]:
    """Give the client a further address for a while, and have the mail hosts forget it.

    The limits count a minute back, so whoever exceeds one takes a number of its own.
    """
    address = str(ip_address(facts["hosts"]["client"][family]) + (_FIRST + number) * _APART[family])
    # Deprecated (RFC 4862 5.5.4): used by who asks for it alone.
    words = (f"{address}/{128 if ':' in address else 32}", "dev", "host0")
    nodad = ("nodad",) if ":" in address else ()
    on("client", "ip", "addr", "replace", *words, *nodad, "preferred_lft", "0")
    for host in MAIL_HOSTS:
        cache = "lmdb:/var/lib/postfix/postscreen_cache"
        on(host, "postmap", "-d", address, cache, status=None)
    try:
        yield address
    finally:
        on("client", "ip", "addr", "del", *words)
