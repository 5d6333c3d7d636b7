"""Mutations of the lab's hosts: what breaks them for a while.

A mutation is a context manager: what it breaks is broken while it lasts.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from criteria_certificates import Issue
from labkit import MAIL_HOSTS, command, on

HOSTNAMES = {"mx1": "mx1.alpha.test", "mx2": "mx2.gamma.test"}
HERE = "/run/criteria"
CHAIN = "$(postconf -hx smtpd_tls_chain_files)"
"""The file of a host's private key and certificates, to a shell on it."""

Mutation = Callable[[dict[str, Any]], AbstractContextManager[None]]
"""From the lab's facts to what is broken."""


def keys_in_use() -> set[str]:
    """Return the digests of the keys that the mail hosts use now (TLSA 3 1 1)."""
    script = f"openssl pkey -in {CHAIN} -pubout -outform DER | sha256sum"
    return {said.split()[0] for said in _everywhere(script)}


def on_hosts(do: str, undo: str, hosts: tuple[str, ...] = MAIL_HOSTS) -> Mutation:
    """Return what a shell does on hosts; both mail hosts where none are named."""

    @contextmanager
    def done(_: dict[str, Any]) -> Iterator[None]:
        try:
            _everywhere(do, hosts)
            yield
        finally:
            _everywhere(undo, hosts)

    return done


def _everywhere(script: str, hosts: tuple[str, ...] = MAIL_HOSTS) -> list[str]:
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(lambda host: on(host, "sh", "-ec", script), hosts))


_KEEP = f"mkdir -p -m 700 {HERE}; cp -p /etc/postfix/master.cf {HERE}/master.cf; "
_RESTORE = f"cp -p {HERE}/master.cf /etc/postfix/master.cf; postfix reload; rm -r {HERE}"


def smtpd(*settings: str, openssl: str = "") -> Mutation:
    """Return other settings of port 25 (master.cf, `-o`).

    Args:
        settings: as `name=value`.
        openssl: a line of an openssl.cnf(5) in the place of the profile's.
    """
    do = _KEEP
    if openssl:
        lines = ("openssl_conf = a", "[a]", "ssl_conf = b", "[b]", "system_default = c", "[c]")
        text = "\n".join((*lines, openssl, ""))
        do += f"printf %s {shlex.quote(text)} >{HERE}/openssl.cnf; "
        settings = (*settings, f"tls_config_file={HERE}/openssl.cnf")
    # postconf takes no blanks here; a list may have commas.
    for each in settings:
        do += f"postconf -P {shlex.quote(f'smtpd/pass/{each}')}; "
    return on_hosts(f"{do} postfix reload", _RESTORE)


def certified(issue: Issue, *settings: str) -> Mutation:
    """Return another private key and chain on port 25.

    Args:
        issue: makes the certificates; where they are for another key, that comes first.
        settings: further ones of Postfix, as `name=value`.
    """
    own = smtpd(f"smtpd_tls_chain_files={HERE}/chain.pem", *settings)

    @contextmanager
    def shown(facts: dict[str, Any]) -> Iterator[None]:
        for host, hostname in HOSTNAMES.items():
            public = on(host, "sh", "-ec", f"openssl pkey -in {CHAIN} -pubout")
            made = issue(hostname, public)
            key = "" if "PRIVATE KEY" in made else f"openssl pkey -in {CHAIN}; "
            script = f"mkdir -p -m 700 {HERE}; {{ {key}cat; }} >{HERE}/chain.pem"
            done = command("scripts/lab", "exec", host, "--", "sh", "-ec", script, input=made)
            assert done.returncode == 0, done.stderr
        with own(facts):
            yield

    return shown


def relayed(mode: str) -> Mutation:
    """Return the relay of criteria_relay.py in Postfix's place; Postfix itself stands behind it."""
    relay = Path(__file__).with_name("criteria_relay.py").read_text()
    do = (
        f"{_KEEP} cat >{HERE}/relay.py <<'END'\n{relay}\nEND\n"
        "sed -i -E 's/^smtp +inet/127.0.0.1:2526 inet/' /etc/postfix/master.cf; postfix reload\n"
        f"systemd-run --quiet --collect --unit=criteria -p Restart=on-failure -p RestartSec=100ms "
        f"python3 {HERE}/relay.py {mode} {CHAIN}"
    )
    return on_hosts(do, f"systemctl stop criteria || true; {_RESTORE}")
