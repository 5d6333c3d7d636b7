"""Moments of an upgrade, one after the other: each run is killed at the next of them."""

from __future__ import annotations

from functools import partial

from drill_kill import Disk, Reach, inside, moment

_DISK = Disk("mx2")
MARKER = "var/lib/postwright/release"
REPLACED = "Packages are being replaced"


def _masked(unit: str) -> bool:
    return (inside("mx2") / "etc/systemd/system" / f"{unit}.service").is_symlink()


MOMENTS = (
    moment(
        "the_first_backup_is_made",
        Reach.HOSTS,
        "A backup is made",
        partial(_DISK.there, "var/vmail/.backup/*"),
    ),
    moment(
        "sources_name_the_next_release",
        Reach.CONTROLLER,
        "Debian's sources name the next release",
        partial(_DISK.says, "etc/apt/sources.list.d/debian.sources", "trixie"),
    ),
    moment(
        "packages_are_fetched",
        Reach.HOSTS,
        "The packages of the next release lie ready",
        # Or all have been lent by the lab's own cache.
        partial(_DISK.there, "var/cache/apt/archives/**/dovecot-core_*2.4*.deb"),
    ),
    moment(
        "the_mail_ports_are_shut",
        Reach.PROGRAM,
        "Only what this host serves can be reached",
        lambda: not _DISK.says("etc/nftables.d/mail-ports.nft", "add element"),
    ),
    moment(
        "daemons_are_masked",
        Reach.HOSTS,
        "No mail daemon runs, and none can be started",
        partial(_masked, "dovecot"),
    ),
    moment(
        "dovecot_is_unpacked",
        Reach.HOSTS,  # dpkg is interrupted, and packages lack others
        REPLACED,
        partial(_DISK.dpkg, "unpacked dovecot-core:amd64 1:2.4"),
    ),
    moment(
        "python_is_unpacked",
        Reach.HOSTS,  # what Ansible itself runs on is half replaced
        REPLACED,
        partial(_DISK.dpkg, "unpacked python3:amd64 3.13"),
    ),
    moment(
        "postfix_is_configured",
        Reach.CONTROLLER,  # apt goes on, and holds its locks when the next run comes
        REPLACED,
        partial(_DISK.dpkg, "half-configured postfix:amd64 3.10"),
    ),
    moment(
        "daemons_can_be_started_again",
        Reach.PROGRAM,
        "Daemons can be started again",
        lambda: not _masked("dovecot"),
    ),
    moment(
        "dovecot_gets_its_new_configuration",
        Reach.HOSTS,
        "Clients read mail over TLS only",
        partial(_DISK.says, "etc/dovecot/dovecot.conf", "dovecot_config_version"),
    ),
    moment(
        "the_mail_ports_open_again",
        Reach.PROGRAM,
        "PLAY [Built hosts take connections]",
        partial(_DISK.says, "etc/nftables.d/mail-ports.nft", "add element"),
    ),
)
SHUT = slice(4, 10)
"""After these, no mail port takes a connection."""
