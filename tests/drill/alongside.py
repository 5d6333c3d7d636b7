"""What goes on beside a drill's main line: looks until the end, and time that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from labkit import MAIL_HOSTS, flush_zone, on

DKIM = "/var/lib/postwright/dkim"
_PUBLISHED = "/var/lib/postwright/certificates/published.json"
_TLSA_LISTED = f"""\
import json, pathlib
path = pathlib.Path("{_PUBLISHED}")
said = json.loads(path.read_text())
said["since"] = {{key: since - 86400 for key, since in said["since"].items()}}
assert said["since"]
path.write_text(json.dumps(said))
"""
_DKIM_LISTED = f"""\
import json, pathlib
for path in pathlib.Path("{DKIM}").glob("*/*.waits"):
    said = json.loads(path.read_text())
    if said["since"]:
        path.write_text(json.dumps(said | {{"since": said["since"] - 86400}}))
"""


@contextmanager
def alongside(done: Event, *looks: Callable[[], None]) -> Iterator[None]:
    """Have each look go on in a thread of its own, until it is told that it is done."""
    threads = [Thread(target=look) for look in looks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def tlsa_was_never_seen() -> None:
    """Have our hosts not know that anybody lists their new and next TLS keys."""
    for host in MAIL_HOSTS:
        on(host, "rm", "-f", _PUBLISHED)


def tlsa_was_listed_for_a_day() -> None:
    """Have a day pass since new and next TLS keys were listed, for our hosts: no cache is touched.

    Raises:
        AssertionError: none was.
    """
    for host in MAIL_HOSTS:
        on(host, "python3", "-c", _TLSA_LISTED)


def ttl_passes() -> None:
    """Have a TTL pass since next TLS keys were listed: for our hosts, and for who remembers."""
    tlsa_was_listed_for_a_day()
    senders_forget()


def dkim_was_listed_for_a_day() -> None:
    """Have a day pass since new DKIM keys were listed: for our hosts, and for who remembers."""
    for host in MAIL_HOSTS:
        on(host, "python3", "-c", _DKIM_LISTED)
    senders_forget()


def senders_forget() -> None:
    """Have a day pass for who remembers records: the world's resolver, and our hosts' own."""
    flush_zone("ns1", *MAIL_HOSTS)
