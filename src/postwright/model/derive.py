"""From the inventory to the one value `mail` that templates and tests print."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from .backup_mx import BackupMx, Queue, queued_by, queues
from .backups import Backup, backup
from .base import Value
from .certificates import Certificate, Site, certificates
from .inventory import Domain, Host, Inventory
from .limits import HostLimits
from .moves import Move, moves
from .relays import Relay, RelaySender, leaving
from .tls import INTERMEDIATE, TlsProfile
from .web import Policy, policy, policy_file, web_host, web_names

# RFC 2142 and what Debian's own daemons write to.
_HOST_ADDRESSES = ("abuse", "mailer-daemon", "postmaster", "root")


class MailHost(Value):
    """The host itself; addresses and days (ISO 8601) as text, since templates print them.

    `names` and `addresses` are all that it answers to and at; `hostname` is the first name, and
    `ipv4` and `ipv6` are the addresses that it sends from.

    `takes_old_senders` is of the day of the run, so that a host and its proof mean the same.
    """

    name: str
    hostname: str
    ipv4: str
    ipv6: str | None
    names: list[str]
    addresses: list[str]
    old_senders_until: str | None
    takes_old_senders: bool
    antivirus: bool


class Mailbox(Value):
    """An account: `password_hash` carries its {SCHEME}.

    None where app passwords alone open it, and in what verify sees.
    """

    address: str
    domain: str
    user: str
    password_hash: str | None
    quota_bytes: int | None
    receives: bool
    sends: bool


class Alias(Value):
    """An address, or '@domain' for a catch-all, and the full addresses it stands for."""

    address: str
    targets: list[str]


class Sender(Value):
    """A sender address and the logins that may use it."""

    address: str
    logins: list[str]


class Ports(Value):
    """The public TCP ports (IANA), named once; no other is open but SSH."""

    smtp: int = 25
    http: int = 80
    https: int = 443
    submissions: int = 465
    submission: int = 587
    imaps: int = 993
    pop3s: int = 995
    sieve: int = 4190


class PolicyFile(Value):
    """An MTA-STS policy and where it lies; one of `keep` stays, if it lies there already."""

    dest: str
    content: str
    keep: list[str] = Field(default_factory=list)


class Mail(Value):
    """All that one host needs to know of the model.

    `public_mail_ports` are the ports that stay shut until cutover. `default_transport` is how mail
    leaves whose sender is none of `relay_senders` (postconf(5)); `port_25_needed` where that, or
    any of them, goes to the recipients' hosts. A host serves `untried_policies` until it is proven
    that it keeps `policies`. `tls_files` are what the mail daemons serve: each a private key and
    its certificate's chain, the preferred first. `tls_reporter` is the domain in whose name the
    host reports on the TLS of others (RFC 8460), None where it does not. `dmarc_reports` is
    the sender of reports on the DMARC of others, if any. `backup` is None where nothing is backed
    up. `host_addresses` are those of all mail hosts. `queues` are what the host takes for domains
    of others while those are away, `queued_by` who does so for its own. `moves` are its domains
    that are on their way from one host to another.
    """

    host: MailHost
    host_addresses: list[str]
    domains: list[str]
    moves: list[Move]
    mailboxes: list[Mailbox]
    aliases: list[Alias]
    alias_domains: list[str]
    queues: list[Queue]
    queued_by: list[BackupMx]
    senders: list[Sender]
    limits: HostLimits
    dkim_domains: list[str]
    relays: list[Relay]
    relay_senders: list[RelaySender]
    default_transport: str
    port_25_needed: bool
    sites: list[Site]
    policies: list[PolicyFile]
    untried_policies: list[PolicyFile]
    certificates: list[Certificate]
    tls_files: list[str]
    tls: TlsProfile
    tls_reporter: str | None
    ports: Ports
    public_mail_ports: list[int]
    submission_starttls: bool
    dmarc_reports: str | None
    backup: Backup | None


def derive(inventory: Inventory, host_name: str) -> Mail:
    """Return the `mail` value of one host; every list is sorted, so a second run changes nothing.

    Raises:
        KeyError: the inventory has no such mail host.
    """
    host = inventory.hosts[host_name]
    domains = inventory.domains_of(host_name)
    names = [domain.name for domain in domains]
    # A host that is left is asked for the documents by whoever remembers its address.
    documented = [
        domain
        for domain in domains
        if host_name in (web_host(inventory, domain).name, domain.moves_from)
    ]
    policies = _policies(inventory, documented)
    sites = _sites(documented, policies)
    way = leaving(inventory, host, domains)
    held = certificates(host, sites)
    return Mail(
        host=MailHost(
            name=host.name,
            hostname=host.hostname,
            ipv4=str(host.ipv4),
            ipv6=None if host.ipv6 is None else str(host.ipv6),
            names=list(host.names),
            addresses=[str(address) for address in host.addresses],
            old_senders_until=_iso(host.old_senders_until),
            takes_old_senders=host.takes_old_senders(date.today()),
            antivirus=host.antivirus,
        ),
        host_addresses=[
            str(address)
            for _, each in sorted(inventory.hosts.items())
            for address in each.addresses
        ],
        domains=names,
        moves=moves(inventory, host),
        mailboxes=[mailbox for domain in domains for mailbox in _mailboxes(domain)],
        aliases=_aliases(inventory, host, domains),
        alias_domains=[name for name in host.names if name not in inventory.domains],
        queues=queues(inventory, host),
        queued_by=queued_by(inventory, domains),
        senders=_senders(inventory, domains),
        limits=_limits(inventory, domains),
        dkim_domains=names,
        relays=way.relays,
        relay_senders=way.senders,
        default_transport=way.default,
        port_25_needed=way.port_25_needed,
        sites=sites,
        policies=[PolicyFile(dest=at, content=found.text) for at, found in policies.items()],
        untried_policies=[
            PolicyFile(dest=at, content=found.untried.text, keep=[found.text])
            for at, found in policies.items()
        ],
        certificates=held,
        tls_files=[each.file for each in held if "postfix" in each.units],
        tls=INTERMEDIATE,
        tls_reporter=_tls_reporter(host, names) if way.port_25_needed else None,
        ports=(ports := Ports()),
        public_mail_ports=sorted(
            [ports.smtp, ports.submissions, ports.imaps, ports.pop3s, ports.sieve]
            + [ports.submission] * inventory.submission_starttls
        ),
        submission_starttls=inventory.submission_starttls,
        dmarc_reports=f"postmaster@{names[0]}" if inventory.dmarc_reports and names else None,
        backup=None if inventory.backup is None else backup(inventory.backup, host_name),
    )


def mail_for_verify(inventory: Inventory) -> dict[str, object]:
    """Return what the tests may know, JSON-able: every host's `mail`, without any secret."""
    hosts = {}
    for name in sorted(inventory.hosts):
        mail = derive(inventory, name)
        bare = [box.model_copy(update={"password_hash": None}) for box in mail.mailboxes]
        relays = [relay.model_copy(update={"logins": []}) for relay in mail.relays]
        bare_backup = mail.backup and mail.backup.without_secrets()
        known = mail.model_copy(update={"mailboxes": bare, "relays": relays, "backup": bare_backup})
        hosts[name] = known.model_dump(mode="json")
    domains = {
        name: {
            "hosts": list(domain.hosts),
            "served_by": domain.served_by,
            "dns": domain.dns,
            "dmarc": domain.dmarc.model_dump(mode="json"),
        }
        for name, domain in sorted(inventory.domains.items())
    }
    return {"hosts": hosts, "domains": domains}


def _tls_reporter(host: Host, names: list[str]) -> str | None:
    """Return the domain that the host's own name lies in, or else the first that it serves."""
    if not host.send_tls_reports or not names:
        return None
    return next((name for name in names if host.hostname.endswith(f".{name}")), names[0])


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _sites(domains: list[Domain], policies: dict[str, Policy]) -> list[Site]:
    """Return the sites of the domains that a host comes first for."""
    return [
        Site(
            domain=domain.name,
            certificate=names[0],
            names=list(names),
            policy_file=at if (at := policy_file(domain.name)) in policies else None,
        )
        for domain in domains
        if (names := web_names(domain))
    ]


def _policies(inventory: Inventory, domains: list[Domain]) -> dict[str, Policy]:
    """Return the policies of the domains that a host comes first for, by their files."""
    return {
        policy_file(domain.name): found
        for domain in domains
        if (found := policy(inventory, domain))
    }


def _mailboxes(domain: Domain) -> list[Mailbox]:
    return [
        Mailbox(
            address=domain.address(user),
            domain=domain.name,
            user=user,
            password_hash=None
            if account.app_passwords_only
            else account.password_hash.get_secret_value(),
            quota_bytes=account.quota,
            receives=account.receive,
            sends=account.send,
        )
        for user, account in sorted(domain.accounts.items())
    ]


def _aliases(inventory: Inventory, host: Host, domains: list[Domain]) -> list[Alias]:
    table: dict[str, list[str]] = {}
    for domain in domains:
        for local, targets in domain.aliases.items():
            table[domain.address(local)] = [domain.address(target) for target in targets]
        for local, addresses in domain.forwards.items():
            table[domain.address(local)] = list(addresses)
        if domain.catch_all is not None:
            table[f"@{domain.name}"] = [domain.address(domain.catch_all)]
            # virtual(5): the catch-all would take the mailboxes' own mail, too, if they did not
            # stand for themselves.
            for local, account in domain.accounts.items():
                if account.receive:
                    table[domain.address(local)] = [domain.address(local)]
    # One that only queues for others has their postmaster.
    known = domains or inventory.queued_at(host.name)
    for name in host.names if known else ():
        if name not in inventory.domains:
            for local in _HOST_ADDRESSES:
                table[f"{local}@{name}"] = [known[0].address("postmaster")]
    return [Alias(address=address, targets=targets) for address, targets in sorted(table.items())]


def _senders(inventory: Inventory, domains: list[Domain]) -> list[Sender]:
    """Return who may send as what; a catch-all gives no right to invent sender addresses."""
    logins = {
        domain.address(local)
        for domain in domains
        for local, account in domain.accounts.items()
        if account.send
    }
    table = {login: [login] for login in logins}
    aliases = {
        domain.address(local): [domain.address(target) for target in targets]
        for domain in inventory.domains.values()
        for local, targets in domain.aliases.items()
    }
    for domain in domains:
        for local in domain.aliases:
            address = domain.address(local)
            if reached := sorted(_reached(aliases, address) & logins):
                table[address] = reached
    return [Sender(address=address, logins=found) for address, found in sorted(table.items())]


def _limits(inventory: Inventory, domains: list[Domain]) -> HostLimits:
    """Return what all accounts may submit, and those that may submit more or less."""
    every = {
        domain.address(local): inventory.limits.but(domain.limits).but(account.limits)
        for domain in domains
        for local, account in sorted(domain.accounts.items())
    }
    own = {address: limits for address, limits in every.items() if limits != inventory.limits}
    return HostLimits(limits=inventory.limits, accounts=own)


def _reached(aliases: dict[str, list[str]], address: str) -> set[str]:
    """Return every address that mail for an alias ends at (the aliases have no loops)."""
    if address not in aliases:
        return {address}
    return set().union(*(_reached(aliases, target) for target in aliases[address]))
