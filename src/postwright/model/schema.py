"""The inventory as an operator writes it: the one definition.

Preflight's errors, the JSON Schema that editors complete from, and the reference page all come
from these classes; what a key means is said in its description and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .account_spec import Account
from .backup_spec import BackupSpec
from .base import Strict
from .blocklist_spec import Blocklist
from .limits import Limits, OwnLimits
from .relay_spec import RelaySpec
from .relay_types import ProfileValue, RelayName
from .types import (
    Address,
    ApiToken,
    ApiUrl,
    DomainName,
    KeyName,
    LocalPart,
    Options,
    Owner,
    PythonClass,
    Server,
    Target,
    TsigSecret,
)

_DRIVER = (
    "How records are published: `rfc2136`, `cloudflare`, `octodns`, `manual` or `hetzner_cloud`."
)


class Dmarc(Strict):
    """What receivers do with mail that claims to be from the domain and fails DMARC."""

    policy: Literal["none", "quarantine", "reject"] = Field(
        default="reject",
        description="What receivers are asked to do with mail that fails: `reject` it, "
        "`quarantine` it, or `none` (only report).",
    )
    reports_to: Address | None = Field(
        default=None,
        description="The full address that gets aggregate reports. Without it, nobody is asked "
        "for any.",
    )


class MtaSts(Strict):
    """What the domain's MTA-STS policy asks of senders (RFC 8461)."""

    mode: Literal["testing", "enforce", "none"] = Field(
        default="testing",
        description="`testing`: senders report failures and deliver all the same. `enforce`: they "
        "deliver only over verified TLS. `none`: the policy is withdrawn; keep it for as long as "
        "`max_age` was before you turn `records.mta_sts` off (RFC 8461 8.3).",
    )
    max_age: int = Field(
        default=604800,
        ge=86400,
        le=31557600,
        description="How many seconds senders keep the policy.",
    )


class DomainRecords(Strict):
    """Which of a domain's records are published; `false` leaves them to you."""

    mx: bool = Field(
        default=True,
        description="Where its mail goes. Without it there is no MTA-STS either, whose policy "
        "names the same hosts.",
    )
    spf: bool = Field(default=True, description="Which addresses send for it.")
    dkim: bool = Field(default=True, description="The keys that its mail is signed with.")
    dmarc: bool = Field(default=True, description="What receivers do with mail that fails.")
    dmarc_report: bool = Field(
        default=True,
        description="That addresses of this domain take the reports on other domains of the "
        "inventory.",
    )
    mta_sts: bool = Field(
        default=True, description="MTA-STS: the name, its certificate, the policy and its TXT."
    )
    tls_rpt: bool = Field(default=True, description="Who gets reports on TLS.")
    srv: bool = Field(default=True, description="Where mail programs find IMAP, POP3 and so on.")
    autoconfig: bool = Field(
        default=True,
        description="Settings for mail programs: the name and its certificate; for Microsoft 365 "
        "the CNAME `autodiscover`.",
    )
    return_path: bool = Field(
        default=True, description="The name that a relay puts in the envelope, for bounces."
    )
    verification: bool = Field(
        default=True,
        description="That the domain is yours, for whoever receives or sends for it.",
    )
    caa: bool = Field(
        default=True,
        description="That only our account may get certificates for the names above.",
    )
    caa_apex: bool = Field(
        default=False,
        description="The same at the domain itself. No other account may then get a certificate "
        "for any name in it that has no CAA of its own, a web site's included.",
    )


class DomainSpec(Strict):
    """One mail domain."""

    # `checks` says the same with the domain's name; editors learn it from this.
    model_config = ConfigDict(
        json_schema_extra={
            "if": {
                "anyOf": [
                    {"properties": {"parked": {"const": True}}, "required": ["parked"]},
                    {
                        "properties": {"served_by": {"not": {"const": "self"}}},
                        "required": ["served_by"],
                    },
                ]
            },
            "else": {"required": ["hosts"]},
        }
    )

    hosts: list[str] = Field(
        default_factory=list,
        min_length=1,
        description="Who serves the domain: inventory names of `mail_hosts`, in order of "
        "preference (MX 10, 20, ...). Required, but for a parked domain and for one that is "
        "received elsewhere.",
        examples=[["mx1"]],
    )
    backup_mx: list[str] = Field(
        default_factory=list,
        min_length=1,
        description="Hosts that take the domain's mail while its hosts are away, and hand it on "
        "when they are back: inventory names of `mail_hosts`, none of its `hosts`. Read "
        "docs/while-down.md first: most domains are better off without.",
        examples=[["mx2"]],
    )
    moves_from: str | None = Field(
        default=None,
        description="The host that its mailboxes are moved from, to the one of `hosts`: both serve "
        "the domain, each account being on one of them. `playbooks/migrate.yml` moves them; take "
        "the key out when it says so.",
        examples=["mx1"],
    )
    served_by: str = Field(
        default="self",
        description="Who receives: `self` (its hosts), or a profile of who receives, such as "
        "`google_workspace` or `microsoft365`. Then it has no hosts and no addresses here.",
    )
    served_with: dict[str, ProfileValue] = Field(
        default_factory=dict,
        description="What that profile needs to know of the domain; see the list of profiles.",
        examples=[{"dkim_key": "v=DKIM1; k=rsa; p=..."}],
    )
    sends_through: str | None = Field(
        default=None,
        description="Who sends: `direct`, or a key of `mail_relays`. Without it, each of its "
        "hosts sends as it sends everything (`mail_relay`).",
    )
    sends_with: dict[str, ProfileValue] = Field(
        default_factory=dict,
        description="What the relay's profile needs to know of the domain; see the list of "
        "profiles.",
        examples=[{"mail_from": "bounce"}],
    )
    parked: bool = Field(
        default=False,
        description="`true`: the domain neither takes nor sends mail, and its records say so. It "
        "has no hosts and no addresses then.",
    )
    dns: str = Field(
        description="Who publishes its records: a key of `dns_providers`.", examples=["main"]
    )
    dmarc: Dmarc = Field(default_factory=Dmarc, description="The domain's DMARC policy.")
    mta_sts: MtaSts = Field(default_factory=MtaSts, description="The domain's MTA-STS policy.")
    tls_reports_to: Address | None = Field(
        default=None,
        description="The full address that gets reports on TLS (RFC 8460). Without it, nobody is "
        "asked for any.",
    )
    records: DomainRecords = Field(
        default_factory=DomainRecords, description="Which of its records are published."
    )
    limits: OwnLimits = Field(
        default_factory=OwnLimits,
        description="How much each of its accounts may submit, where that differs from "
        "`mail_limits`.",
    )
    accounts: dict[LocalPart, Account] = Field(
        default_factory=dict, description="Mailboxes and logins, by local part."
    )
    aliases: dict[LocalPart, Annotated[list[Target], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Further addresses and whom they reach: local parts of this domain, or full "
        "addresses of any mail domain of the inventory. Accounts that an alias reaches may "
        "send as the alias. `postmaster` and `abuse` must exist, as alias, account or "
        "forward (RFC 2142).",
        examples=[{"postmaster": ["taro"], "abuse": ["taro"]}],
    )
    forwards: dict[LocalPart, Annotated[list[Address], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Addresses whose mail leaves for other organisations: full foreign addresses.",
        examples=[{"old": ["taro@elsewhere.example"]}],
    )
    catch_all: Target | None = Field(
        default=None,
        description="Who gets mail for addresses that do not exist. Without it, such mail is "
        "refused, which is the better choice for most domains.",
    )


class Rfc2136Spec(Strict):
    """A DNS provider: a name server that takes dynamic updates (RFC 2136), signed by TSIG."""

    driver: Literal["rfc2136"] = Field(description=_DRIVER)
    server: Server = Field(description="Address or name of the primary name server.")
    port: int = Field(default=53, ge=1, le=65535, description="Its TCP port.")
    key_name: KeyName = Field(description="The name of the TSIG key (RFC 8945).")
    key_algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = Field(
        default="hmac-sha256", description="The algorithm of the TSIG key."
    )
    key_secret: TsigSecret = Field(
        description="The TSIG key in base64. Keep it in the vault.",
        examples=["{{ vault_tsig }}"],
    )


class CloudflareSpec(Strict):
    """A DNS provider: Cloudflare, by its API (v4)."""

    driver: Literal["cloudflare"] = Field(description=_DRIVER)
    api_token: ApiToken = Field(
        description="An API token that may edit DNS in the zones (permissions Zone Read and DNS "
        "Write). Keep it in the vault.",
        examples=["{{ vault_cloudflare_token }}"],
    )
    api_url: ApiUrl = Field(
        default="https://api.cloudflare.com/client/v4",
        description="The API's address, where it is reached by another than Cloudflare's own.",
    )


class OctodnsSpec(Strict):
    """A DNS provider that octoDNS has a package for."""

    driver: Literal["octodns"] = Field(description=_DRIVER)
    provider_class: PythonClass = Field(
        description="The provider's class, as its package's documentation has it under `class`. "
        "octoDNS and that package have to be installed where Postwright runs.",
        examples=["octodns_powerdns.PowerDnsProvider"],
    )
    options: Options = Field(
        description="The other keys that the documentation shows below it. Keep keys in the vault.",
        examples=[{"host": "198.18.0.53", "api_key": "{{ vault_powerdns }}"}],
    )


class ManualSpec(Strict):
    """Whoever changes the zones by hand: what has to be done is told, and waited for."""

    driver: Literal["manual"] = Field(description=_DRIVER)
    zone_files: str | None = Field(
        default=None,
        min_length=1,
        description="A directory where Postwright runs. What has to be added to a zone is written "
        "there as `ZONE.zone`, for a provider that imports zone files.",
        examples=["{{ inventory_dir }}/zones"],
    )


class HetznerCloudSpec(Strict):
    """Reverse names at Hetzner Cloud. It serves no zones, so no mail domain names it."""

    driver: Literal["hetzner_cloud"] = Field(description=_DRIVER)
    api_token: ApiToken = Field(
        description="An API token with Read & Write of the project that the servers are in. Keep "
        "it in the vault.",
        examples=["{{ vault_hetzner_token }}"],
    )
    api_url: ApiUrl = Field(
        default="https://api.hetzner.cloud/v1",
        description="The API's address, where it is reached by another than Hetzner's own.",
    )


DISCRIMINATOR = "driver"
"""The key of a provider that says by which class the others are read."""

ProviderSpec = Rfc2136Spec | CloudflareSpec | OctodnsSpec | ManualSpec | HetznerCloudSpec


class GlobalVariables(Strict):
    """What is said once for all hosts (`group_vars/all`)."""

    mail_domains: dict[DomainName, DomainSpec] = Field(
        min_length=1,
        description="The mail domains, by name. An internationalised name is written as people "
        "read it.",
    )
    dns_providers: dict[str, Annotated[ProviderSpec, Field(discriminator=DISCRIMINATOR)]] = Field(
        min_length=1, description="Who publishes DNS records, by a name of your choice."
    )
    mail_relays: dict[RelayName, RelaySpec] = Field(
        default_factory=dict,
        description="Who sends for us, by a name of your choice (a-z, 0-9 and `-`).",
    )
    mail_owner: Owner = Field(
        default="postwright",
        description="Who owns the records, in the manifest of each zone. Two inventories that "
        "work on one zone need different owners.",
    )
    mail_limits: Limits = Field(
        default_factory=Limits,
        description="How much each account may submit within a minute and within a day.",
    )
    dns_resolver: list[Server] = Field(
        default_factory=list,
        description="Addresses of the resolvers that look-ups on the controller use. Without it, "
        "the system's.",
    )
    dns_blocklists: dict[str, Blocklist] | None = Field(
        default=None,
        description="The blocklists that `postwright dns check` asks, by a name of your choice. "
        "Without it: Spamhaus ZEN and DBL, SpamCop, Barracuda. `{}` asks none.",
    )
    mail_submission_starttls: bool = Field(
        default=False,
        description="`true`: submission with STARTTLS on port 587 as well, for old clients. Port "
        "465 (implicit TLS, RFC 8314) is always there.",
    )
    mail_dmarc_reports: bool = Field(
        default=False,
        description="`true`: once a day, other domains that ask for it are told how mail in their "
        "name fared here (DMARC aggregate reports, RFC 7489 7.2). The sender is the postmaster of "
        "a host's first domain.",
    )
    mail_backup: BackupSpec | None = Field(
        default=None,
        description="Where each host is backed up, encrypted. Without it nothing is, and a lost "
        "host's mail is lost.",
    )
