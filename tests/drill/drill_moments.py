"""The moments: each a state of the hosts or zones that lasts for milliseconds to seconds."""

from __future__ import annotations

from functools import partial

from drill_kill import Disk, Reach, moment
from drill_state import driver
from postwright.dns.records import Slot

_DISK = Disk("mx1")
_LOADED = "var/lib/postwright/loaded"
_CERTIFICATE = "var/lib/dehydrated/certs/mx1.alpha.test"


def _published(name: str, kind: str) -> bool:
    return bool(driver().read("alpha.test").values(Slot(name, kind)))


MOMENTS = (
    moment(
        "nftables_is_installed",
        Reach.HOSTS,  # dpkg is interrupted before the first package of ours is there
        "The host has nftables",
        partial(_DISK.dpkg, "half-installed nftables:"),
    ),
    moment(
        "packages_are_unpacked",
        Reach.CONTROLLER,  # apt goes on, and holds its locks when the next run comes
        "The host carries the packages",
        partial(_DISK.dpkg, "half-installed postfix:"),
    ),
    moment(
        "packages_are_configured",
        Reach.HOSTS,  # dpkg is interrupted, and half of the packages are not configured
        "The host carries the packages",
        partial(_DISK.dpkg, "half-configured dovecot-core:"),
    ),
    moment(
        "dkim_keys_are_made",
        Reach.HOSTS,
        "Each domain has its own RSA and Ed25519 key",
        partial(_DISK.there, "var/lib/postwright/dkim/alpha.test/mx1-*.key"),
    ),
    moment(
        "dns_announces_the_hosts",
        Reach.CONTROLLER,
        "Every authoritative server answers with addresses, DKIM keys and SPF",
        partial(_published, "_postwright.alpha.test", "TXT"),
    ),
    moment(
        "a_certificate_is_ordered",
        Reach.HOSTS,
        "The host holds a valid certificate",
        partial(_DISK.there, f"{_CERTIFICATE}/cert-*.csr", but_not=f"{_CERTIFICATE}/cert.pem"),
    ),
    moment(
        "dovecot_has_files_that_it_has_not_loaded",
        Reach.PROGRAM,
        "Clients read mail over TLS only",
        partial(_DISK.there, "etc/dovecot/users", but_not=f"{_LOADED}/dovecot.json"),
    ),
    moment(
        "rspamd_judges_its_staged_configuration",
        Reach.HOSTS,
        "What leaves is signed with both keys",
        partial(_DISK.there, "run/postwright/rspamd.staged/etc/rspamd/rspamd.local.lua"),
    ),
    moment(
        "postfix_tables_are_compiled",
        Reach.HOSTS,
        "Postfix takes mail for these domains",
        partial(_DISK.there, "etc/postfix/*.lmdb", but_not=f"{_LOADED}/postfix.json"),
    ),
    moment(
        "the_mail_ports_open",
        Reach.PROGRAM,
        "PLAY [Built hosts take connections] ... Only what this host serves",
        partial(_DISK.says, "etc/nftables.d/mail-ports.nft", "add element"),
    ),
    moment(
        "dns_directs_mail_to_the_hosts",
        Reach.CONTROLLER,
        "Every authoritative server answers with all records",
        partial(_published, "alpha.test", "MX"),
    ),
)
