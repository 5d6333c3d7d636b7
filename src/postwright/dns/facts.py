"""What only a host can say: the public halves of its keys, its ACME account, what it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DkimKeys = Mapping[str, Sequence["DkimKey"]]
Facts = Mapping[str, "HostFacts"]


@dataclass(frozen=True)
class DkimKey:
    """The public half of a key: `txt` is what stands at `<selector>._domainkey.<domain>`."""

    selector: str
    host: str
    txt: str


@dataclass(frozen=True)
class HostFacts:
    """One host's facts; what is absent is not known (yet), which is no statement that it is not.

    `tls_keys` are SHA-256 digests of public keys (SubjectPublicKeyInfo), current and next, in
    hexadecimal. `issuer` is the CA's name in CAA records and `account` the ACME account's URI;
    `former_accounts` are those, by directory, that its present certificates were ordered with.
    `served` are the names that the host answers for over HTTPS with a good certificate, `policies`
    the ids of the MTA-STS policies that it serves, by mail domain.
    """

    tls_keys: tuple[str, ...] = ()
    issuer: str | None = None
    account: str | None = None
    former_accounts: Mapping[str, str] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    policies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What all hosts said: their DKIM keys by mail domain, all else by inventory name."""

    dkim: DkimKeys = field(default_factory=dict)
    hosts: Facts = field(default_factory=dict)
