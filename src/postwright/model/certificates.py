"""Which certificates a host holds, for which keys and daemons, and where these find them."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Value
from .inventory import Host

DIRECTORY = "/var/lib/postwright/certificates"
"""Where daemons find keys and certificates. What orders them keeps its own copies elsewhere, so a
daemon that starts in the middle of a renewal never sees half of one."""


class Site(Value):
    """The names at which a domain's documents are served, and its MTA-STS policy's file."""

    domain: str
    certificate: str
    names: list[str]
    policy_file: str | None


class Certificate(Value):
    """A certificate: what it is called here, its names, its key, and who loads which file.

    A host that takes another name takes its key along: from the first of `formerly` that there is.

    `key` is OpenSSL's name of a curve, or the bits of an RSA key. `file` holds the private key and
    the chain, as postconf(5) `smtpd_tls_chain_files` wants them.
    """

    name: str
    names: list[str]
    key: str
    units: list[str]
    file: str
    formerly: list[str]


def certificates(host: Host, sites: list[Site]) -> list[Certificate]:
    """Return one for the host, or two where it has an RSA key, and one for each site's names."""
    mail = ["postfix", "dovecot"]
    names, others = list(host.names), list(host.other_names)
    found = [_certificate(host.hostname, names, mail, formerly=others)]
    if host.rsa_key_bits:
        # Its bits are part of its name, so another size is another key, and not a changed one.
        name, *others = (f"{each}.rsa{host.rsa_key_bits}" for each in host.names)
        found.append(_certificate(name, names, mail, str(host.rsa_key_bits), others))
    found += [_certificate(site.certificate, site.names, ["nginx"]) for site in sites]
    return found


def _certificate(
    name: str,
    names: list[str],
    units: list[str],
    key: str = "P-256",
    formerly: Sequence[str] = (),
) -> Certificate:
    return Certificate(
        name=name,
        names=names,
        key=key,
        units=units,
        file=f"{DIRECTORY}/{name}.pem",
        formerly=list(formerly),
    )
