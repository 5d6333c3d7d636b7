"""Every kind of record that is published, with its source: the reference page is made from this."""

from __future__ import annotations

from dataclasses import dataclass

from .claims import RULES, Kind


@dataclass(frozen=True)
class Entry:
    """A kind of record at a kind of name.

    `switch` is the key that turns it off, below `records` of a domain or `mail_records` of a host.
    """

    kind: Kind
    name: str
    value: str
    purpose: str
    source: str
    needed_by: str
    switch: str


_HOST = "mail_records."
_DOMAIN = "records."

CATALOG: tuple[Entry, ...] = (
    Entry(
        Kind.A, "HOST", "the host's address", "Leads to the host.", "RFC 1035 3.4.1",
        "everyone", _HOST + "address",
    ),
    Entry(
        Kind.AAAA, "HOST", "the host's address", "The same over IPv6.", "RFC 3596 2.1",
        "everyone, where the host has IPv6", _HOST + "address",
    ),
    Entry(
        Kind.PTR, "the address, reversed", "HOST",
        "Says whose address it is. Without it, or with another name than the host greets with, "
        "many receivers refuse mail.",
        "RFC 1035 3.5, RFC 1912 2.1", "receivers of our mail", _HOST + "ptr",
    ),
    Entry(
        Kind.SPF, "HOST", "v=spf1 ip4:... ip6:... -all",
        "Lets the host's own name stand in HELO and behind the null sender.", "RFC 7208 2.3",
        "receivers of our bounces", _HOST + "spf",
    ),
    Entry(
        Kind.TLSA, "_25._tcp.HOST", "3 1 1 of the current and of the next TLS key",
        "Lets senders know the host's key (DANE), where the zone is signed. In an unsigned zone "
        "nobody looks at it.",
        "RFC 7672 3.1.1, RFC 7671 8.1", "senders to us", _HOST + "tlsa",
    ),
    Entry(
        Kind.CAA, "HOST", '0 issue "CA; accounturi=..."',
        "Lets only the host's own ACME account get certificates for its name.",
        "RFC 8659 4.2, RFC 8657 3", "certification authorities", _HOST + "caa",
    ),
    Entry(
        Kind.DKIM, "SELECTOR._domainkey.DOMAIN", "v=DKIM1; k=...; p=...",
        "The keys that the domain's mail is signed with, RSA and Ed25519 of each host.",
        "RFC 6376 3.6.1, RFC 8463", "receivers of our mail", _DOMAIN + "dkim",
    ),
    Entry(
        Kind.DKIM, "*._domainkey.DOMAIN, parked", "v=DKIM1; p=",
        "Says that every key of the domain is revoked.",
        "RFC 6376 3.6.1, M3AAWG Parked Domains", "receivers of forged mail", _DOMAIN + "dkim",
    ),
    Entry(
        Kind.SPF, "DOMAIN", "v=spf1 ip4:... ip6:... ~all",
        "Says which addresses send for the domain; in union with what is in force or adopted. "
        "Parked: `v=spf1 -all`.",
        "RFC 7208", "receivers of our mail", _DOMAIN + "spf",
    ),
    Entry(
        Kind.MX, "DOMAIN", "10 HOST, 20 HOST ...",
        "Says which hosts take the domain's mail, its `backup_mx` last. Parked: `0 .`, none.",
        "RFC 5321 5.1; parked: RFC 7505 3", "senders to us", _DOMAIN + "mx",
    ),
    Entry(
        Kind.DMARC, "_dmarc.DOMAIN", "v=DMARC1; p=...; sp=...; np=...; rua=...",
        "Says what receivers do with mail that fails, and who gets reports.",
        "RFC 7489 6.3, RFC 9989 4.7", "receivers of our mail", _DOMAIN + "dmarc",
    ),
    Entry(
        Kind.DMARC_REPORT, "DOMAIN._report._dmarc.OTHER", "v=DMARC1;",
        "Says that addresses of OTHER take the reports on DOMAIN.",
        "RFC 7489 7.1, RFC 9990 4", "receivers that send reports, where `reports_to` is elsewhere",
        _DOMAIN + "dmarc_report",
    ),
    Entry(
        Kind.TLS_RPT, "_smtp._tls.DOMAIN", "v=TLSRPTv1; rua=...",
        "Says who gets reports on TLS. Only where `tls_reports_to` is stated.", "RFC 8460 3",
        "senders to us", _DOMAIN + "tls_rpt",
    ),
    Entry(
        Kind.A, "mta-sts.DOMAIN", "the first host's address",
        "Leads to the MTA-STS policy. AAAA alike.", "RFC 8461 3.3", "senders to us",
        _DOMAIN + "mta_sts",
    ),
    Entry(
        Kind.MTA_STS, "_mta-sts.DOMAIN", "v=STSv1; id=...;",
        "Says that there is a policy, and by its id when it is another. Only once the host serves "
        "it with a good certificate.",
        "RFC 8461 3.1", "senders to us", _DOMAIN + "mta_sts",
    ),
    Entry(
        Kind.A, "autoconfig.DOMAIN", "the first host's address",
        "Leads to settings for mail programs. AAAA alike.", "draft-ietf-mailmaint-autoconfig",
        "mail programs such as Thunderbird", _DOMAIN + "autoconfig",
    ),
    Entry(
        Kind.CAA, "mta-sts.DOMAIN, autoconfig.DOMAIN", '0 issue "CA; accounturi=..."',
        "As at the host.", "RFC 8659 4.2, RFC 8657 3", "certification authorities",
        _DOMAIN + "caa",
    ),
    Entry(
        Kind.CAA, "DOMAIN, on request", '0 issue "CA; accounturi=..."',
        "The same for every name in the domain that has no CAA of its own. Off by default.",
        "RFC 8659 3", "certification authorities", _DOMAIN + "caa_apex",
    ),
    Entry(
        Kind.SRV, "_imaps, _pop3s, _submissions, _sieve ._tcp.DOMAIN", "10 1 PORT HOST",
        "Tell mail programs where to go, and that IMAP is preferred to POP3.",
        "RFC 6186 3.4, RFC 8314 5.1, RFC 5804 1.8", "mail programs", _DOMAIN + "srv",
    ),
    Entry(
        Kind.SRV, "_imap, _pop3, _submission ._tcp.DOMAIN", "0 0 0 .",
        "Say that this is not offered; `_submission` is, with `mail_submission_starttls`.",
        "RFC 6186 3.4", "mail programs", _DOMAIN + "srv",
    ),
    Entry(
        Kind.DKIM_CNAME, "SELECTOR._domainkey.DOMAIN, of others that send for it", "their name",
        "Leads to the key that they sign with.", "RFC 6376 3.6.2, [profiles](profiles.md)",
        "receivers of the domain's mail", _DOMAIN + "dkim",
    ),
    Entry(
        Kind.RETURN_PATH, "NAME.DOMAIN, of a relay", "its name; elsewhere MX and SPF at that name",
        "Stands in the envelope, so that bounces reach the relay and SPF passes.",
        "RFC 7208 2.4, [profiles](profiles.md)", "receivers of the domain's mail",
        _DOMAIN + "return_path",
    ),
    Entry(
        Kind.VERIFICATION, "DOMAIN, received by Microsoft 365", "MS=ms...",
        "Says that the domain is yours. Other values of the set stay.",
        "RFC 1464, [profiles](profiles.md)", "who receives", _DOMAIN + "verification",
    ),
    Entry(
        Kind.VERIFICATION_CNAME, "NAME.DOMAIN, received by Google Workspace", "their name",
        "Says that the domain is yours.", "RFC 1034 3.6.2, [profiles](profiles.md)",
        "who receives", _DOMAIN + "verification",
    ),
    Entry(
        Kind.AUTODISCOVER, "autodiscover.DOMAIN, received by Microsoft 365", "their name",
        "Tells Outlook where to go.", "RFC 1034 3.6.2, [profiles](profiles.md)", "Outlook",
        _DOMAIN + "autoconfig",
    ),
)  # fmt: skip

_TITLE = """# DNS: every record that is published

Generated from `src/postwright/dns/catalog.py` by `scripts/reference`; do not edit.

HOST is a host's `mail_hostname`, and at the left each of its `mail_other_names`, too; DOMAIN a mail
domain. A record marked *announce* is published before a host is built, one marked *cutover* once it
serves. A key below `records` belongs to a mail domain, one below `mail_records` to a host: `false`
there has the record retired if it is ours, and never published again. Every record of ours is
listed in its zone's manifest, the TXT set at `_postwright.ZONE` (where it is full, at
`_postwright-2.ZONE` and so on); values of others at the same name stay.

| name | type | value | what for | source | when | who looks | turned off by |
|---|---|---|---|---|---|---|---|
"""


def records_markdown() -> str:
    """Return the page that lists every record."""
    return _TITLE + "".join(f"{_row(entry)}\n" for entry in CATALOG)


def _row(entry: Entry) -> str:
    rule = RULES[entry.kind]
    cells = [
        entry.name,
        rule.type,
        f"`{entry.value}`",
        entry.purpose,
        entry.source,
        rule.phase,
        entry.needed_by,
        f"`{entry.switch}`",
    ]
    return f"| {' | '.join(cells)} |"
