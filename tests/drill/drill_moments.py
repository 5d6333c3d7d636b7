"""The moments: each a state of the hosts or zones that lasts for milliseconds to seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drill_kill import Moment, Reach, inside
from drill_state import driver
from postwright.dns.records import Slot

_LOADED = "var/lib/postwright/loaded"
_CERTIFICATE = "var/lib/dehydrated/certs/mx1.alpha.test"


def _dpkg(said: str) -> bool:
    log = inside("mx1") / "var/log/dpkg.log"
    return log.exists() and f"status {said}" in log.read_text(encoding="utf-8")


def _there(pattern: str, but_not: str = "") -> bool:
    """Whether a file is on mx1 that matches, and none that matches the second pattern."""
    root = inside("mx1")
    return any(root.glob(pattern)) and not (but_not and any(root.glob(but_not)))


def _says(path: str, text: str) -> bool:
    return text in (inside("mx1") / path).read_text(encoding="utf-8")


def _published(name: str, kind: str) -> bool:
    return bool(driver().read("alpha.test").values(Slot(name, kind)))


def _moment(during: str, reach: Reach, heading: str, now: Callable[[], bool]) -> Moment:
    return Moment(during, tuple(heading.split(" ... ")), now, reach)


MOMENTS = (
    _moment(
        "nftables_is_installed",
        Reach.HOSTS,  # dpkg is interrupted before the first package of ours is there
        "The host has nftables",
        partial(_dpkg, "half-installed nftables:"),
    ),
    _moment(
        "packages_are_unpacked",
        Reach.CONTROLLER,  # apt goes on, and holds its locks when the next run comes
        "The host carries the packages",
        partial(_dpkg, "half-installed postfix:"),
    ),
    _moment(
        "packages_are_configured",
        Reach.HOSTS,  # dpkg is interrupted, and half of the packages are not configured
        "The host carries the packages",
        partial(_dpkg, "half-configured dovecot-core:"),
    ),
    _moment(
        "dkim_keys_are_made",
        Reach.HOSTS,
        "Each domain has its own RSA and Ed25519 key",
        partial(_there, "var/lib/postwright/dkim/alpha.test/mx1-*.key"),
    ),
    _moment(
        "dns_announces_the_hosts",
        Reach.CONTROLLER,
        "Every authoritative server answers with addresses, DKIM keys and SPF",
        partial(_published, "_postwright.alpha.test", "TXT"),
    ),
    _moment(
        "a_certificate_is_ordered",
        Reach.HOSTS,
        "The host holds a valid certificate",
        partial(_there, f"{_CERTIFICATE}/cert-*.csr", but_not=f"{_CERTIFICATE}/cert.pem"),
    ),
    _moment(
        "dovecot_has_files_that_it_has_not_loaded",
        Reach.PROGRAM,
        "Clients read mail over TLS only",
        partial(_there, "etc/dovecot/users", but_not=f"{_LOADED}/dovecot.json"),
    ),
    _moment(
        "rspamd_judges_its_staged_configuration",
        Reach.HOSTS,
        "What leaves is signed with both keys",
        partial(_there, "run/postwright/rspamd.staged/etc/rspamd/rspamd.local.lua"),
    ),
    _moment(
        "postfix_tables_are_compiled",
        Reach.HOSTS,
        "Postfix takes mail for these domains",
        partial(_there, "etc/postfix/*.lmdb", but_not=f"{_LOADED}/postfix.json"),
    ),
    _moment(
        "the_mail_ports_open",
        Reach.PROGRAM,
        "PLAY [Built hosts take connections] ... Only what this host serves",
        partial(_says, "etc/nftables.d/mail-ports.nft", "add element"),
    ),
    _moment(
        "dns_directs_mail_to_the_hosts",
        Reach.CONTROLLER,
        "Every authoritative server answers with all records",
        partial(_published, "alpha.test", "MX"),
    ),
)
