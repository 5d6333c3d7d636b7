"""Moments of an upgrade, one after the other: each run is killed at the next of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drill_kill import Moment, Reach, inside

MARKER = "var/lib/postwright/release"
REPLACED = "Packages are being replaced"


def _reads(path: str) -> str:
    file = inside("mx2") / path
    # A link that leads to /dev/null is a mask, and reads as nothing.
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _says(path: str, text: str) -> bool:
    return text in _reads(path)


def _dpkg(said: str) -> bool:
    return _says("var/log/dpkg.log", said)


def _masked(unit: str) -> bool:
    return (inside("mx2") / "etc/systemd/system" / f"{unit}.service").is_symlink()


def _moment(during: str, reach: Reach, heading: str, now: Callable[[], bool]) -> Moment:
    return Moment(during, (heading,), now, reach)


MOMENTS = (
    _moment(
        "the_first_backup_is_made",
        Reach.HOSTS,
        "A backup is made",
        lambda: any((inside("mx2") / "var/vmail/.backup").glob("*")),
    ),
    _moment(
        "sources_name_the_next_release",
        Reach.CONTROLLER,
        "Debian's sources name the next release",
        lambda: "trixie" in _reads("etc/apt/sources.list"),
    ),
    _moment(
        "packages_are_fetched",
        Reach.HOSTS,
        "The packages of the next release lie ready",
        # Or all have been lent by the lab's own cache.
        lambda: any((inside("mx2") / "var/cache/apt/archives").glob("**/dovecot-core_*2.4*.deb")),
    ),
    _moment(
        "the_mail_ports_are_shut",
        Reach.PROGRAM,
        "Only what this host serves can be reached",
        lambda: not _says("etc/nftables.d/mail-ports.nft", "add element"),
    ),
    _moment(
        "daemons_are_masked",
        Reach.HOSTS,
        "No mail daemon runs, and none can be started",
        partial(_masked, "dovecot"),
    ),
    _moment(
        "dovecot_is_unpacked",
        Reach.HOSTS,  # dpkg is interrupted, and packages lack others
        REPLACED,
        partial(_dpkg, "status unpacked dovecot-core:amd64 1:2.4"),
    ),
    _moment(
        "python_is_unpacked",
        Reach.HOSTS,  # what Ansible itself runs on is half replaced
        REPLACED,
        partial(_dpkg, "status unpacked python3:amd64 3.13"),
    ),
    _moment(
        "postfix_is_configured",
        Reach.CONTROLLER,  # apt goes on, and holds its locks when the next run comes
        REPLACED,
        partial(_dpkg, "status half-configured postfix:amd64 3.10"),
    ),
    _moment(
        "daemons_can_be_started_again",
        Reach.PROGRAM,
        "Daemons can be started again",
        lambda: not _masked("dovecot"),
    ),
    _moment(
        "dovecot_gets_its_new_configuration",
        Reach.HOSTS,
        "Clients read mail over TLS only",
        lambda: _says("etc/dovecot/dovecot.conf", "dovecot_config_version"),
    ),
    _moment(
        "the_mail_ports_open_again",
        Reach.PROGRAM,
        "PLAY [Built hosts take connections]",
        lambda: _says("etc/nftables.d/mail-ports.nft", "add element"),
    ),
)
SHUT = slice(4, 10)
"""After these, no mail port takes a connection."""
